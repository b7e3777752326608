//! The type of each column over all files: text where two files differ.

use std::collections::HashMap;

use arrow::datatypes::DataType;

use super::columns::shown;
use super::file::InputFile;

/// The types of `columns`; a warning for each that is text since files differ.
pub(super) fn of_columns(
    files: &[InputFile],
    columns: &[String],
    warnings: &mut Vec<String>,
) -> Vec<DataType> {
    let mut known: HashMap<&str, (&DataType, &InputFile)> = HashMap::new();
    let mut differing: HashMap<&str, String> = HashMap::new();
    for file in files {
        for (name, data_type) in file.columns.iter().zip(&file.types) {
            let (first, first_file) = *known.entry(name).or_insert((data_type, file));
            if first != data_type {
                differing.entry(name).or_insert_with(|| {
                    format!(
                        "column `{}` is {first} in `{}` and {data_type} in `{}`; it is carried as text",
                        shown(name), first_file.name, file.name
                    )
                });
            }
        }
    }
    let type_of = |name: &String| match known.get(name.as_str()) {
        Some((data_type, _)) if !differing.contains_key(name.as_str()) => (*data_type).clone(),
        _ => DataType::Utf8,
    };
    let types = columns.iter().map(type_of).collect();
    warnings.extend(columns.iter().filter_map(|name| differing.remove(name.as_str())));
    types
}
