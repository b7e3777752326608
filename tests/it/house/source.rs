//! The source of the product, read as Rust.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A file below `src/` or `tests/`.
pub(super) struct Source {
    /// Relative to the package, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

/// A function with a body, in the product.
pub(super) struct Function {
    pub(super) name: String,
    /// `path:line`.
    pub(super) place: String,
    /// Beside `self`.
    pub(super) parameters: usize,
    pub(super) lines: usize,
}

/// Every file of Rust below a folder of the package.
pub(super) fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                let path = path.strip_prefix(root).expect("below the root");
                found.push(Source { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no sources under {folder}");
    found
}

/// Every file of the product, its tests left out.
pub(super) fn product() -> impl Iterator<Item = Source> {
    sources("src").into_iter().filter(|source| !source.is_test())
}

/// The top-level modules, in the order in which `src/lib.rs` declares them.
pub(super) fn modules() -> Vec<String> {
    let lib = syn::parse_file(include_str!("../../../src/lib.rs")).expect("Rust");
    let declared = lib.items.into_iter().filter_map(|item| match item {
        syn::Item::Mod(module) if !is_for_tests(&module.attrs) => Some(module.ident.to_string()),
        _ => None,
    });
    declared.collect()
}

impl Source {
    /// The module directly under the crate that this file belongs to.
    pub(super) fn module(&self) -> &str {
        let path = self.path.strip_prefix("src/").expect("below src");
        path.split(['/', '.']).next().expect("a name")
    }

    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.contains("/tests/") || ["tests.rs", "testing.rs"].contains(&name)
    }

    /// Where code of the product holds `text`, as `path:line`.
    pub(super) fn places_of(&self, text: &str) -> Vec<String> {
        let lines = self.text.lines().enumerate();
        let lines = lines.filter(|(_, line)| !line.trim_start().starts_with("//"));
        lines
            .filter(|(_, line)| line.contains(text))
            .map(|(place, line)| format!("{}:{}: {}", self.path, place + 1, line.trim()))
            .collect()
    }

    /// What code of the product imports and has.
    pub(super) fn read(&self) -> Reader<'_> {
        let file = syn::parse_file(&self.text).unwrap_or_else(|e| panic!("{}: {e}", self.path));
        let mut reader =
            Reader { path: &self.path, imports: BTreeSet::new(), functions: Vec::new() };
        reader.visit_file(&file);
        reader
    }
}

/// Whether the attributes say that an item is for tests alone.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        let is_test = |token: TokenTree| matches!(token, TokenTree::Ident(name) if name == "test");
        list.path.is_ident("cfg") && list.tokens.clone().into_iter().any(is_test)
    })
}

/// Gathers what a file imports and which functions it has.
pub(super) struct Reader<'a> {
    path: &'a str,
    /// The names after `crate::`, each with its lines.
    pub(super) imports: BTreeSet<(String, usize)>,
    pub(super) functions: Vec<Function>,
}

impl Reader<'_> {
    fn import(&mut self, name: &syn::Ident) {
        self.imports.insert((name.to_string(), name.span().start().line));
    }

    /// The names that a tree after `use crate::` begins with.
    fn import_tree(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => self.import(&path.ident),
            syn::UseTree::Name(name) => self.import(&name.ident),
            syn::UseTree::Rename(rename) => self.import(&rename.ident),
            syn::UseTree::Group(group) => group.items.iter().for_each(|t| self.import_tree(t)),
            syn::UseTree::Glob(_) => panic!("{}: all of the crate is imported", self.path),
        }
    }

    /// The names after `crate::` in the words of a macro.
    fn import_tokens(&mut self, tokens: TokenStream) {
        let mut before = [const { String::new() }; 3];
        for token in tokens {
            if let TokenTree::Group(group) = &token {
                self.import_tokens(group.stream());
            }
            if let (TokenTree::Ident(name), ["crate", ":", ":"]) =
                (&token, before.each_ref().map(String::as_str))
            {
                self.import(name);
            }
            before.rotate_left(1);
            before[2] = token.to_string();
        }
    }

    fn function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let last = body.brace_token.span.close().end().line;
        self.functions.push(Function {
            name: signature.ident.to_string(),
            place: format!("{}:{first}", self.path),
            parameters: signature.inputs.len() - usize::from(signature.receiver().is_some()),
            lines: last + 1 - first,
        });
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if let syn::UseTree::Path(path) = &item.tree
            && path.ident == "crate"
        {
            self.import_tree(&path.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut names = path.segments.iter().map(|segment| &segment.ident);
        if names.next().is_some_and(|first| first == "crate")
            && let Some(name) = names.next()
        {
            self.import(name);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.import_tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if is_for_tests(&item.attrs) {
            return;
        }
        self.function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.function(&item.sig, body);
        }
        visit::visit_trait_item_fn(self, item);
    }
}
