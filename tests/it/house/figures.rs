//! What the house measures, printed by `make figures` and held to its bars.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Function, modules, product};
use crate::support::say;

/// A function with so many parameters is counted.
const MANY_PARAMETERS: usize = 5;

/// The bars: none of these figures may be larger.
const MODULES: usize = 13; // as wanted, with `bin`
const IMPORTS: usize = 90; // as wanted
const LEVELS: usize = 14; // as wanted
const FUNCTIONS_OF_MANY_PARAMETERS: usize = 19; // as wanted
const LONGEST_FUNCTION: usize = 74; // as wanted
const NINE_IN_TEN_FUNCTIONS: usize = 24; // as wanted
// 46_500 held for the rooms as they were; what came since are formats, columns and the
// records of runs, what changed from night to night, and streams that pass through.
const LINES: usize = 71_500;

/// The modules that each top-level module imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// How many modules the longest chain of imports from `module` has.
fn levels(module: &str, imports: &Imports, known: &mut BTreeMap<String, usize>) -> usize {
    if let Some(levels) = known.get(module) {
        return *levels;
    }
    // Stands for itself while its chains are followed: a circle ends there.
    known.insert(module.to_owned(), 1);
    let below = imports[module].iter().map(|below| levels(below, imports, known)).max();
    let levels = 1 + below.unwrap_or(0);
    known.insert(module.to_owned(), levels);
    levels
}

/// Lines of the product, as `git ls-files 'src/*.rs' | grep -v -e /tests -e tests.rs` names them.
fn lines() -> usize {
    let files = super::source::sources("src").into_iter();
    let files =
        files.filter(|file| !file.path.contains("/tests") && !file.path.ends_with("tests.rs"));
    files.map(|file| file.text.lines().count()).sum()
}

/// A figure, its bar, and the name and place of what reaches it.
fn figure(what: &str, is: usize, most: usize, over: &mut Vec<String>) {
    let line = format!("{is:>7}  (at most {most})  {what}");
    say(&line);
    if is > most {
        over.push(line);
    }
}

#[test]
fn the_house_keeps_its_figures() {
    let modules: BTreeSet<String> = modules().into_iter().collect();
    let mut imports: Imports = modules.iter().map(|name| (name.clone(), BTreeSet::new())).collect();
    let mut functions: Vec<Function> = Vec::new();
    for source in product() {
        let read = source.read();
        functions.extend(read.functions);
        if let Some(of_module) = imports.get_mut(source.module()) {
            let named = read.imports.into_iter().map(|(name, _)| name);
            let others = named.filter(|name| name != source.module() && modules.contains(name));
            of_module.extend(others);
        }
    }
    let mut known = BTreeMap::new();
    let longest_chain =
        imports.keys().map(|module| levels(module, &imports, &mut known)).max().unwrap_or(0);
    functions.sort_by_key(|function| function.lines);
    let many = functions.iter().filter(|function| function.parameters >= MANY_PARAMETERS).count();
    let longest = functions.last().expect("a function");
    let of_ten = functions[functions.len() * 9 / 10].lines;
    let longest_name =
        format!("lines of the longest function: {} in {}", longest.name, longest.place);

    let mut over = Vec::new();
    for (what, is, most) in [
        ("top-level modules of src/lib.rs", imports.len(), MODULES),
        ("imports between them", imports.values().map(BTreeSet::len).sum(), IMPORTS),
        ("levels of imports", longest_chain, LEVELS),
        ("functions with five or more parameters", many, FUNCTIONS_OF_MANY_PARAMETERS),
        (&*longest_name, longest.lines, LONGEST_FUNCTION),
        ("lines of nine functions in ten", of_ten, NINE_IN_TEN_FUNCTIONS),
        ("lines of the product", lines(), LINES),
    ] {
        figure(what, is, most, &mut over);
    }
    assert!(over.is_empty(), "over their bars:\n{}", over.join("\n"));
}
