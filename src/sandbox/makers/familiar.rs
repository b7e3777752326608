//! Vehicles that people know by the start of their VIN, so that a fleet reads as
//! it would in life. The rest is drawn.

/// The start of a VIN and the model it names.
#[rustfmt::skip] // a table
pub(super) const FAMILIAR: &[(&str, &str)] = &[
    ("1FTFW1", "F-150"), ("1FTEW1", "F-150"), ("1FTPW1", "F-150"), ("1FTRX1", "F-150"),
    ("1FT7W2", "F-250"), ("1FTBW2", "Transit"), ("1FTYR1", "Transit"),
    ("1FM5K8", "Explorer"), ("1FMCU0", "Escape"), ("1FA6P8", "Mustang"), ("3FA6P0", "Fusion"),
    ("1FDXE4", "E-450"), ("NM0LS7", "Transit Connect"), ("5LMJJ2", "Navigator"),
    ("1G1FY6", "Bolt EV"), ("1G1ZD5", "Malibu"), ("1G1JC5", "Cavalier"), ("2G1WF5", "Impala"),
    ("1GNSKB", "Tahoe"), ("1GCWGA", "Express"), ("1GCHK2", "Silverado"),
    ("3GCUKR", "Silverado"),
    ("3GTU2N", "Sierra"), ("1GKS2B", "Yukon"), ("1GYS4B", "Escalade"), ("5GAKVB", "Enclave"),
    ("5YJSA1", "Model S"), ("5YJ3E1", "Model 3"), ("7SAYGD", "Model Y"), ("7FCTGA", "R1T"),
    ("4T1BE3", "Camry"), ("4T1BF1", "Camry"), ("4T1G11", "Camry"), ("2T1BUR", "Corolla"),
    ("JTDKN3", "Prius"), ("5TDJZR", "Highlander"), ("2T3P1R", "RAV4"), ("5TFDW5", "Tundra"),
    ("5TENL4", "Tacoma"),
    ("JTHBF5", "IS"), ("58ABK1", "ES"),
    ("1HGCM8", "Accord"), ("1HGCR2", "Accord"), ("2HGFC2", "Civic"), ("19XFC2", "Civic"),
    ("5FNYF4", "Pilot"), ("5FNRL6", "Odyssey"), ("5J6RW2", "CR-V"), ("19UUA8", "TL"),
    ("5J8TB4", "RDX"),
    ("1N4AL3", "Altima"), ("3N1AB7", "Sentra"), ("5N1AT2", "Rogue"), ("JN8AS5", "Rogue"),
    ("1N6AD0", "Frontier"), ("3N6CM0", "NV200"), ("JNKCV6", "G37"),
    ("5NPE24", "Sonata"), ("5NPD84", "Elantra"), ("KM8J3C", "Tucson"), ("5XXGT4", "Optima"),
    ("KNDJN2", "Soul"), ("KNDPMC", "Sportage"),
    ("4S4BSA", "Outback"), ("JF2SJA", "Forester"), ("3MZBN1", "Mazda3"), ("JM3KFB", "CX-5"),
    ("2C3CDX", "Charger"), ("2C3CCA", "300"), ("2C4RDG", "Grand Caravan"),
    ("1D7HA1", "Ram 1500"), ("3C3CFF", "500"),
    ("1J4GW4", "Grand Cherokee"), ("1C4RJF", "Grand Cherokee"), ("1C4HJX", "Wrangler"),
    ("1C6RR7", "1500"), ("3C6TRV", "ProMaster"),
    ("WBA8E9", "328i"), ("5UXKR0", "X5"), ("WMWXP7", "Cooper"), ("55SWF4", "C-Class"),
    ("4JGDA5", "M-Class"), ("WD3PE7", "Sprinter"),
    ("3VWDX7", "Jetta"), ("1VWBP7", "Passat"), ("3VV2B7", "Tiguan"), ("WAUAFA", "A4"),
    ("WA1LFA", "Q5"), ("WP1AA2", "Macan"),
    ("YV4A22", "XC90"), ("SALGS2", "Range Rover"), ("JA4AD3", "Outlander"), ("JS3TD6", "XL-7"),
    ("1FUJGL", "Cascadia"), ("1FVACW", "M2 106"), ("1XKYDP", "T680"), ("1XPBDP", "579"),
    ("4V4NC9", "VNL"), ("1HTMMA", "4300"),
    ("5PVNJ8", "268"), ("54DC4W", "NPR-HD"), ("1BAKGC", "Vision"), ("4DRBUC", "CE"),
    ("1UYVS2", "3000R"), ("1JJV53", "DuraPlate"), ("1HD1KB", "Street Glide"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::makers::maker;

    #[test]
    fn every_one_is_a_model_of_its_maker() {
        for (prefix, name) in FAMILIAR {
            let model = maker(prefix).and_then(|maker| maker.familiar(prefix));
            assert_eq!(model.map(|model| model.name), Some(*name), "{prefix}");
        }
    }
}
