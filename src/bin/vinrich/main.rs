//! vinrich
fn main() {}
