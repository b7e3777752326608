//! What may be typed about the sandbox.

use std::time::Duration;

use clap::Args;
use vinrich::config::Quota;
use vinrich::sandbox::FaultRule;

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Trying it out")]
pub(crate) struct SandboxedArgs {
    /// Ask imitations of the vendors on this machine, with a store that is thrown away
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// Make the imitations fail, such as carvin/429:every=7; may be repeated
    #[arg(long = "fault", value_name = "RULE", value_parser = fault)]
    pub(crate) faults: Vec<FaultRule>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich sandbox --port 4800
  vinrich sandbox --quota carvin=100/day --fault carvin/429:every=7 --latency 200ms

The vendors' addresses are printed; point `base_url` at them.")]
pub(crate) struct SandboxArgs {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) port: u16,
    /// What goes wrong, such as carvin/429:every=7; may be repeated
    #[arg(long = "fault", value_name = "RULE", value_parser = fault)]
    pub(crate) faults: Vec<FaultRule>,
    /// A vendor's quota, such as carvin=100/day; may be repeated
    #[arg(long = "quota", value_name = "VENDOR=N/WINDOW", value_parser = vendor_quota)]
    pub(crate) quotas: Vec<(String, Quota)>,
    /// How long every reply takes at least
    #[arg(long, value_name = "DURATION", value_parser = vinrich::config::duration)]
    pub(crate) latency: Option<Duration>,
}

/// With the hint, which clap has no line for.
fn fault(text: &str) -> Result<FaultRule, String> {
    text.parse::<FaultRule>().map_err(|error| match error.hint_text() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    })
}

fn vendor_quota(text: &str) -> Result<(String, Quota), String> {
    let (vendor, quota) =
        text.split_once('=').ok_or("must be a vendor and its quota, such as `carvin=100/day`")?;
    let known = vinrich::sandbox::vendors();
    if !known.contains(&vendor) {
        return Err(format!("the sandbox knows {}, not `{vendor}`", known.join(", ")));
    }
    Ok((vendor.to_owned(), vinrich::config::quota(quota)?))
}
