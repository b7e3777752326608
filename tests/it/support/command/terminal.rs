//! A command on a terminal of its own.

use std::process::Command;

use crate::support::passes_by;

/// What `vinrich` draws on a terminal of its own; `None`, and said so, where
/// there is no program that makes one.
pub(crate) fn drawn(vinrich: &Command) -> Option<String> {
    let mut line = format!("'{}'", vinrich.get_program().to_string_lossy());
    for word in vinrich.get_args() {
        line.extend([" '", &word.to_string_lossy(), "'"]);
    }
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).env_clear();
    script.current_dir(vinrich.get_current_dir().expect("a work folder"));
    for (name, value) in vinrich.get_envs() {
        script.envs(value.map(|value| (name, value)));
    }
    match script.env("TERM", "xterm").output() {
        Ok(ended) => Some(String::from_utf8_lossy(&ended.stdout).into_owned()),
        Err(error) => {
            passes_by(&format!("`script`, which makes terminals, does not run: {error}"));
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "it is part of util-linux");
            None
        }
    }
}
