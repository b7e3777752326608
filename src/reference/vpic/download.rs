//! The data from their release.

use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;

use super::artifact::{NotIt, VERSION};
use super::incoming::{Failed, Incoming};
use crate::config::tls;
use crate::domain::{Error, Exit};

/// To connect, name lookup and TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// Between two reads.
const IDLE: Duration = Duration::from_secs(30);

/// Release files are handed over to a storage host.
const MOST_REDIRECTS: usize = 5;

/// Where the data of this decoder's release are.
pub(super) fn address() -> String {
    let repository = "https://github.com/blackthorn-interstellar/ultravin";
    format!("{repository}/releases/download/v{VERSION}/vpic.rkyv")
}

/// Gives what is at `url` to `incoming`.
pub(super) fn fetch(url: &str, incoming: &mut Incoming<'_>) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal("cannot set up the download").because(error))?;
    runtime.block_on(receive(url, incoming))
}

async fn receive(url: &str, incoming: &mut Incoming<'_>) -> Result<(), Error> {
    let broken = |error: reqwest::Error| {
        Error::new(Exit::Outage, "the download of the decoder data failed")
            .because(error.without_url())
            .hint(hint())
    };
    let mut response = client(url)?.get(url).send().await.map_err(broken)?;
    let status = response.status();
    if !status.is_success() {
        let exit = if status.is_server_error() { Exit::Outage } else { Exit::Protocol };
        let what = format!("the release of the decoder data answers with {status}");
        return Err(Error::new(exit, what).hint(hint()));
    }
    while let Some(bytes) = response.chunk().await.map_err(broken)? {
        incoming.take(&bytes).map_err(refused)?;
    }
    Ok(())
}

fn client(url: &str) -> Result<Client, Error> {
    let builder = Client::builder()
        .user_agent(concat!("vinrich/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::limited(MOST_REDIRECTS))
        .referer(false)
        .no_gzip()
        .connect_timeout(CONNECT)
        .read_timeout(IDLE);
    let builder = if url.starts_with("https:") {
        builder.https_only(true).tls_backend_preconfigured(tls::of_the_system()?)
    } else {
        // Tests speak to this machine.
        builder.no_proxy().tls_backend_preconfigured(tls::never_used()?)
    };
    builder.build().map_err(|error| {
        Error::config("cannot set up the HTTP client").because(error.without_url())
    })
}

/// Why what came is not in its place.
pub(super) fn refused(failed: Failed) -> Error {
    match failed {
        Failed::NotIt(what) => {
            let cut_off = matches!(what, NotIt::Truncated { .. });
            let exit = if cut_off { Exit::Outage } else { Exit::Protocol };
            Error::new(exit, format!("the downloaded decoder data: {what}")).hint(hint())
        }
        Failed::Reading(error) => {
            Error::new(Exit::Outage, "the download of the decoder data failed")
                .because(error)
                .hint(hint())
        }
        Failed::Writing(error) => {
            Error::new(Exit::Io, "the decoder data cannot be written").because(error)
        }
        Failed::Placing(error) => error,
    }
}

/// What to do where the release cannot be reached.
fn hint() -> String {
    format!(
        "run it again; on a machine that reaches only a package index: \
         `python3 -m pip download --no-deps ultravin=={VERSION}`, then \
         `vinrich vpic install --from` the wheel"
    )
}
