//! What a workbook says of the run that wrote it: its calls are done, and its rows are
//! about to be written.

use super::Report;
use crate::domain::Timestamp;
use crate::domain::numbers::thousands;
use crate::enrich::chain::{Chains, Step};

/// Names and values, in the order in which a person reads them.
pub(super) fn about(report: &Report, chains: &Chains, now: Timestamp) -> Vec<(String, String)> {
    let rows = &report.rows;
    let mut facts = vec![
        ("written".to_owned(), now.rfc3339()),
        ("command".to_owned(), report.command.clone()),
        ("rows read".to_owned(), thousands(rows.read)),
        ("rows with a VIN".to_owned(), thousands(rows.valid)),
    ];
    if !rows.rejected.is_empty() {
        let reasons =
            rows.rejected.iter().map(|(why, count)| format!("{} {why}", thousands(*count)));
        facts.push(("rows without a VIN".to_owned(), reasons.collect::<Vec<_>>().join(", ")));
    }
    for (dataset, chain) in &chains.by_dataset {
        let sources = chain.steps.iter().map(|step| source(step, report));
        let sources = sources.collect::<Vec<_>>().join(", then ");
        facts.push((format!("{dataset} from"), sources));
    }
    for (dataset, why) in &chains.left_out {
        facts.push((dataset.to_string(), format!("left out: {why}")));
    }
    for (vendor, calls) in &report.vendors {
        let calls = format!("{}, {}", thousands(calls.attempted), calls.spent);
        facts.push((format!("calls to {vendor}, and their cost"), calls));
    }
    facts.push(("cost".to_owned(), report.spent().to_string()));
    facts
}

/// The source, and of which day its data are where they are on this machine.
fn source(step: &Step, report: &Report) -> String {
    let id = match step {
        Step::Remote(source) => return source.label.to_string(),
        Step::Local(local) => local.id(),
    };
    match report.local.get(id).and_then(|local| local.as_of.as_deref()) {
        Some(as_of) => format!("{id} (data of {as_of})"),
        None => id.to_owned(),
    }
}

#[cfg(test)]
#[path = "tests/about.rs"]
mod tests;
