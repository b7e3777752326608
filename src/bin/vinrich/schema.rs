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
    description: &'static str,
}

impl Schema {
    fn of(columns: &[Column]) -> Self {
        let columns = columns.iter().map(|column| SchemaColumn {
            name: column.name,
            type_name: column.type_name(),
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
mod tests {
    use super::*;

    #[test]
    fn every_form_names_every_column_in_order() {
        let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        let text = as_text(COLUMNS);
        let in_text: Vec<&str> =
            text.lines().skip(2).filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(in_text, names);
        let markdown = as_markdown(COLUMNS);
        let in_markdown: Vec<&str> =
            markdown.lines().skip(2).filter_map(|line| line.split('`').nth(1)).collect();
        assert_eq!(in_markdown, names);
        let json = serde_json::to_value(Schema::of(COLUMNS)).expect("JSON");
        assert_eq!(json["columns"].as_array().map(Vec::len), Some(names.len()));
        assert_eq!(json["columns"][0]["name"], "row_id");
        assert_eq!(json["columns"][0]["type"], "utf8");
    }
}
