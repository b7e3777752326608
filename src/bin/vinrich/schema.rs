//! `vinrich schema`: the columns of the output.

use serde::Serialize;
use vinrich::domain::error::{Error, Exit};
use vinrich::output::schema::{COLUMNS, Column, SCHEMA_VERSION};

use crate::cli::{SchemaArgs, SchemaFormat};
use crate::stdout;
use std::fmt::Write as _;

pub(crate) fn run(args: &SchemaArgs) -> Result<u8, Error> {
    match args.format {
        SchemaFormat::Text => stdout::write(&as_text(COLUMNS))?,
        SchemaFormat::Markdown => stdout::write(&as_markdown(COLUMNS))?,
        SchemaFormat::Json => stdout::write_json(&Schema::of(COLUMNS))?,
    }
    Ok(Exit::Success.code())
}

/// The schema as a program reads it.
#[derive(Serialize)]
struct Schema {
    schema_version: u32,
    columns: Vec<SchemaColumn>,
}

#[derive(Serialize)]
struct SchemaColumn {
    name: &'static str,
    #[serde(rename = "type")]
    type_name: &'static str,
    /// The text is JSON.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    json: bool,
    /// The version of the schema that brought it.
    since: u32,
    description: &'static str,
}

impl Schema {
    fn of(columns: &[Column]) -> Self {
        let columns = columns.iter().map(|column| SchemaColumn {
            name: column.name,
            type_name: column.type_name(),
            json: column.is_json,
            since: column.since,
            description: column.description,
        });
        Self { schema_version: SCHEMA_VERSION, columns: columns.collect() }
    }
}

fn as_text(columns: &[Column]) -> String {
    let name_width = columns.iter().map(|column| column.name.len()).max().unwrap_or(0);
    let type_width = columns.iter().map(|column| column.type_name().len()).max().unwrap_or(0);
    let mut text = format!(
        "schema version {SCHEMA_VERSION}: the input's own columns, then these {}, each nullable\n\n",
        columns.len()
    );
    for column in columns {
        let (name, type_name) = (column.name, column.type_name());
        let _infallible =
            writeln!(text, "{name:name_width$}  {type_name:type_width$}  {}", column.description);
    }
    text
}

fn as_markdown(columns: &[Column]) -> String {
    let mut text = String::from("| column | type | meaning |\n|---|---|---|\n");
    for column in columns {
        let meaning = column.description.replace('|', "\\|");
        let _infallible =
            writeln!(text, "| `{}` | {} | {meaning} |", column.name, column.type_name());
    }
    text
}

#[cfg(test)]
#[path = "tests/schema.rs"]
mod tests;
