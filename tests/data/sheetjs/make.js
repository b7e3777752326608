// Writes the workbooks beside it: `npm install xlsx@0.18.5`, then `node make.js`.
// They are read by tests/it/rows/other_programs.rs.
const XLSX = require("xlsx");

const header = ["VIN", "Unit", "Miles", "Price", "Bought", "Seen", "Leased", "Note", "Sum", "Fault", "Share", "Serial", "Lasted"];
const number = (v, z) => ({ t: "n", v, ...(z ? { z } : {}) });
const text = (v) => ({ t: "s", v });
const rows = [
  [text("1HGCM82633A004352"), text("007"), number(120000), number(19999.95), number(43524, "yyyy-mm-dd"),
    number(43524.2708333333, "yyyy-mm-dd hh:mm"), { t: "b", v: true }, text("Пробег 🚚"),
    { t: "n", v: 3, f: "1+2" }, { t: "e", v: 42 }, number(0.125, "0.0%"), number(1234567890123456), number(1.25, "[h]:mm:ss")],
  [text("JH4KA7561PC008269"), text("=1+1"), number(-7), number(0.5), number(43525, "yyyy-mm-dd"),
    number(43525.5, "yyyy-mm-dd hh:mm"), { t: "b", v: false }, text(" two\nlines "),
    { t: "s", v: "ab", f: '"a"&"b"' }, { t: "e", v: 7 }, number(1, "0.0%"), number(12345678901234567), number(0.5, "[h]:mm:ss")],
  [text("11111111111111111"), text("x,\"y\""), number(0), number(1e-7), number(36526, "yyyy-mm-dd"),
    number(36526.75, "yyyy-mm-dd hh:mm"), { t: "b", v: true }, text("last"),
    { t: "b", v: true, f: "1=1" }, { t: "e", v: 15 }, number(0, "0.0%"), number(5), number(2, "[h]:mm:ss")],
];

function book() {
  const fleet = { "!ref": "A1:M4" };
  header.forEach((name, c) => (fleet[XLSX.utils.encode_cell({ r: 0, c })] = text(name)));
  rows.forEach((cells, r) => cells.forEach((cell, c) => (fleet[XLSX.utils.encode_cell({ r: r + 1, c })] = cell)));
  const made = XLSX.utils.book_new();
  XLSX.utils.book_append_sheet(made, XLSX.utils.aoa_to_sheet([["Read me"]]), "Notes");
  XLSX.utils.book_append_sheet(made, fleet, "Fleet");
  XLSX.utils.book_append_sheet(made, XLSX.utils.aoa_to_sheet([["VIN"], ["1M8GDM9AXKP042788"]]), "Old");
  made.Workbook = { Sheets: [{ Hidden: 0 }, { Hidden: 0 }, { Hidden: 1 }] };
  return made;
}

const kinds = { "fleet.xlsx": "xlsx", "fleet.xlsm": "xlsm", "fleet.xlsb": "xlsb", "fleet.xls": "biff8", "fleet-95.xls": "biff5", "fleet.ods": "ods" };
for (const [name, bookType] of Object.entries(kinds)) {
  XLSX.writeFile(book(), `${__dirname}/${name}`, { bookType, compression: true });
}

// A sheet of rejects that `vinrich validate fleet.csv --rejects rejects.xlsx` wrote is
// opened, edited and saved: the second row is accepted, the third gets its VIN.
if (process.argv[2]) {
  const rejects = XLSX.readFile(process.argv[2]);
  const sheet = rejects.Sheets.Rejects;
  const names = XLSX.utils.sheet_to_json(sheet, { header: 1 })[0];
  const c = names.indexOf("accepted_vin");
  sheet[XLSX.utils.encode_cell({ r: 1, c })] = text("yes");
  sheet[XLSX.utils.encode_cell({ r: 2, c })] = text("1hgcm82633a004352");
  XLSX.writeFile(rejects, `${__dirname}/mended.xlsx`, { compression: true });
}
