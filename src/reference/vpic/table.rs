//! vPIC's elements as columns: which goes where is looked up once for the data.

use serde::Serializer;
use ultravin::{Db, DecodedElement, public_decode};

use crate::domain::facts::{DecodeColumn, DecodeFacts, is_blank};

/// vPIC's elements, by their number.
pub(super) struct Table {
    elements: Vec<Option<Element>>,
}

/// An element of vPIC, such as "Displacement (L)".
struct Element {
    /// Its name in NHTSA's flat API, such as `DisplacementL`.
    name: String,
    column: Option<DecodeColumn>,
    /// The column it goes to where nothing else did.
    stands_in_for: Option<DecodeColumn>,
}

impl Table {
    pub(super) fn new(db: &Db) -> Self {
        let mut elements = Vec::new();
        for element in db.elements().iter().filter(|element| public_decode(db, element).is_some()) {
            let Ok(number) = usize::try_from(element.id.to_native()) else { continue };
            let name = db.s(element.code.to_native()).to_owned();
            if elements.len() <= number {
                elements.resize_with(number + 1, || None);
            }
            elements[number] = Some(Element {
                column: DecodeColumn::named(&name),
                stands_in_for: DecodeColumn::stood_in_for(&name),
                name,
            });
        }
        Self { elements }
    }

    /// What the decoder said, as columns.
    pub(super) fn facts(&self, said: &[DecodedElement<'_>]) -> DecodeFacts {
        let mut facts = DecodeFacts::default();
        let mut left: Vec<(&Element, &str)> = said
            .iter()
            .map(|said| (said.element_id, said.value.trim()))
            .filter(|(_, text)| !is_blank(text))
            .filter_map(|(number, text)| Some((self.element(number)?, text)))
            .collect();
        let mut fill = |column: Option<DecodeColumn>, text: &str| {
            column.is_some_and(|column| column.fill(&mut facts, text))
        };
        left.retain(|(element, text)| !fill(element.column, text));
        left.retain(|(element, text)| !fill(element.stands_in_for, text));
        facts.decode_extra = extra(left);
        facts
    }

    fn element(&self, number: i32) -> Option<&Element> {
        self.elements.get(usize::try_from(number).ok()?)?.as_ref()
    }
}

/// What fits no column: one JSON object with sorted keys, its values texts.
/// Notes, which vPIC may have several of, are joined.
fn extra(mut left: Vec<(&Element, &str)>) -> Option<String> {
    if left.is_empty() {
        return None;
    }
    // A stable sort: notes stay in vPIC's order.
    left.sort_by_key(|(element, _)| element.name.as_str());
    let named = left.chunk_by(|(one, _), (other, _)| one.name == other.name).map(|same| {
        let texts: Vec<&str> = same.iter().map(|(_, text)| *text).collect();
        (same[0].0.name.as_str(), texts.join("; "))
    });
    let mut json = Vec::with_capacity(1024);
    serde_json::Serializer::new(&mut json).collect_map(named).ok()?;
    String::from_utf8(json).ok()
}
