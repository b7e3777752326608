//! Links debug builds on Linux without relocations: tests start them thousands of times.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let names = ["PROFILE", "CARGO_CFG_TARGET_OS", "CARGO_CFG_TARGET_ENV"];
    if names.map(|name| std::env::var(name).unwrap_or_default()) == ["debug", "linux", "gnu"] {
        // Where the program may lie anywhere, 150,000 addresses are written at each start:
        // half of the time that `vinrich --version` takes.
        println!("cargo::rustc-link-arg=-no-pie");
    }
}
