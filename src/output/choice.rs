//! Which of our columns a file has.

use glob::Pattern;

use super::schema::{COLUMNS, Column, RUN_ID, SCHEMA_VERSION};
use crate::domain::Error;
use crate::matching::nearest;

const LISTED: &str = "`vinrich schema` lists the columns";

/// The columns of ours that a file has, in the order of [`COLUMNS`]: by default all.
#[derive(Clone, Debug)]
pub struct Choice {
    columns: Vec<&'static Column>,
    /// Those of them that were named in full.
    named: Vec<&'static str>,
}

impl Default for Choice {
    fn default() -> Self {
        Self { columns: COLUMNS.iter().collect(), named: Vec::new() }
    }
}

impl Choice {
    /// What `words` choose, from the first to the last: a pattern (`listing_*`) adds the
    /// columns it matches, `!pattern` takes them away, `@1` adds those of schema version 1.
    /// Where the first word takes away, it takes away from all.
    ///
    /// # Errors
    /// 64 where a word matches no column, or none is left.
    pub fn of(words: &[String]) -> Result<Self, Error> {
        let starts_whole = words.first().is_none_or(|word| word.trim().starts_with('!'));
        let mut chosen = vec![starts_whole; COLUMNS.len()];
        for word in words {
            let word = word.trim();
            let (adds, pattern) = word.strip_prefix('!').map_or((true, word), |rest| (false, rest));
            let matches = matching(pattern)?;
            let of_pattern = chosen.iter_mut().zip(matches).filter(|(_, matches)| *matches);
            of_pattern.for_each(|(chosen, _)| *chosen = adds);
        }
        let columns: Vec<_> = COLUMNS
            .iter()
            .zip(chosen)
            .filter_map(|(column, is_in)| is_in.then_some(column))
            .collect();
        if columns.is_empty() {
            return Err(Error::usage(format!("`--columns {}` leaves no column", words.join(",")))
                .hint(LISTED));
        }
        let is_named = |column: &&&Column| words.iter().any(|word| word.trim() == column.name);
        let named = columns.iter().filter(is_named).map(|column| column.name).collect();
        Ok(Self { columns, named })
    }

    /// Whether `column` is one of them, and was named in full.
    pub(crate) fn names(&self, column: &str) -> bool {
        self.named.contains(&column)
    }

    /// The same, and the run that wrote the row.
    #[must_use]
    pub fn with_run_id(mut self) -> Self {
        self.columns.push(&RUN_ID);
        self
    }

    pub(crate) fn columns(&self) -> &[&'static Column] {
        &self.columns
    }
}

/// For each of [`COLUMNS`], whether `pattern` means it.
fn matching(pattern: &str) -> Result<Vec<bool>, Error> {
    let matches: Vec<bool> = if let Some(version) = pattern.strip_prefix('@') {
        let version: Option<u32> = version.parse().ok();
        let known = version.filter(|version| (1..=SCHEMA_VERSION).contains(version));
        let version = known.ok_or_else(|| {
            Error::usage(format!("`{pattern}` is not a version of the schema"))
                .hint(format!("they are `@1` to `@{SCHEMA_VERSION}`"))
        })?;
        COLUMNS.iter().map(|column| column.since <= version).collect()
    } else {
        let glob = Pattern::new(pattern).map_err(|error| {
            let message = format!("`{pattern}` is not a pattern of column names");
            Error::usage(message).because(error).hint("such as `listing_*`")
        })?;
        COLUMNS.iter().map(|column| glob.matches(column.name)).collect()
    };
    if matches.contains(&true) { Ok(matches) } else { Err(unknown(pattern)) }
}

fn unknown(pattern: &str) -> Error {
    let likeness = |column: &&Column| strsim::jaro_winkler(column.name, pattern);
    let hint = match nearest(COLUMNS, likeness) {
        Some(column) => format!("did you mean `{}`?", column.name),
        None => LISTED.into(),
    };
    Error::usage(format!("`--columns` has `{pattern}`, which matches no column")).hint(hint)
}

#[cfg(test)]
#[path = "tests/choice.rs"]
mod tests;
