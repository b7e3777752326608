//! `vinrich completions`.

use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  vinrich completions bash > ~/.local/share/bash-completion/completions/vinrich")]
pub(crate) struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    pub(crate) shell: clap_complete::Shell,
}
