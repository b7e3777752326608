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
