//! Pings: a service that watches cron jobs hears that a run has begun and how it
//! ended, in the manner of healthchecks.io. Nothing else is sent.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::{Client, Url};

use super::resolver::Resolver;
use crate::config::{is_loopback, is_off_limits, tls};
use crate::domain::{Error, Exit};

/// For all of a ping: a run is never held up longer.
const LONGEST: Duration = Duration::from_secs(5);

/// The address that a run pings. Who knows it can ping it: it is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct PingUrl(Url);

impl fmt::Debug for PingUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PingUrl({})", self.host())
    }
}

/// What a ping says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ping {
    /// The run begins: `URL/start`.
    Start,
    /// The run ended so: `URL` where nothing is left to do tonight, else
    /// `URL/<exit code>`.
    End(u8),
}

impl PingUrl {
    /// An `https` address; `http` for this machine alone.
    ///
    /// # Errors
    /// Why it cannot be one, without repeating it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| {
            format!("must be an address such as `https://hc-ping.com/UUID` ({error})")
        })?;
        let this = Self(url);
        let ip = this.ip();
        match this.0.scheme() {
            "https" => {}
            "http" if this.is_on_this_machine() => {}
            _ => return Err("must be `https`; `http` is for this machine alone".into()),
        }
        if this.host().is_empty() || ip.is_some_and(is_off_limits) {
            return Err("must name a host that may be sent to".into());
        }
        Ok(this)
    }

    fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    fn ip(&self) -> Option<IpAddr> {
        self.host().trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    fn is_on_this_machine(&self) -> bool {
        self.host().eq_ignore_ascii_case("localhost") || self.ip().is_some_and(is_loopback)
    }

    /// The address of one ping.
    fn of(&self, ping: Ping) -> Url {
        let mut url = self.0.clone();
        let ending = match ping {
            Ping::Start => "start".to_owned(),
            Ping::End(code) if is_done_for_tonight(code) => return url,
            Ping::End(code) => code.to_string(),
        };
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&ending);
        }
        url
    }

    /// Sends one ping.
    ///
    /// # Errors
    /// Why it did not arrive, in words that do not hold the address.
    pub(crate) fn send(&self, ping: Ping) -> Result<(), String> {
        let cannot = |why: &dyn fmt::Display| format!("{} was not pinged: {why}", self.host());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| cannot(&error))?;
        let client = self.client().map_err(|error| cannot(&error))?;
        let asked = client.get(self.of(ping));
        match runtime.block_on(async { asked.send().await }) {
            Ok(reply) if reply.status().is_success() => Ok(()),
            Ok(reply) => Err(cannot(&format!("it answers HTTP {}", reply.status().as_u16()))),
            Err(error) if error.is_timeout() => {
                Err(cannot(&format!("no reply within {} s", LONGEST.as_secs())))
            }
            Err(error) if error.is_connect() => Err(cannot(&"it cannot be reached")),
            Err(error) => Err(cannot(&error.without_url())),
        }
    }

    /// No redirects: what was asked for is pinged, or nothing.
    fn client(&self) -> Result<Client, Error> {
        let builder = Client::builder()
            .user_agent(concat!("vinrich/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .timeout(LONGEST);
        let builder = if self.is_on_this_machine() {
            builder.no_proxy().dns_resolver(Resolver::Loopback)
        } else {
            builder.dns_resolver(Resolver::Anywhere)
        };
        let builder = if self.0.scheme() == "https" {
            builder.https_only(true).tls_backend_preconfigured(tls::of_the_system()?)
        } else {
            builder.tls_backend_preconfigured(tls::never_used()?)
        };
        builder.build().map_err(|error| {
            Error::config("cannot set up the HTTP client").because(error.without_url())
        })
    }
}

/// A run that a quota parked goes on with the next night: there is nothing to mend.
fn is_done_for_tonight(code: u8) -> bool {
    code == Exit::Success.code() || code == Exit::Parked.code()
}

#[cfg(test)]
#[path = "tests/ping.rs"]
mod tests;
