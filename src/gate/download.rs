//! Fetching one published file: asked for only where it changed, received into a file
//! of its own, and gone on with where an earlier try ended.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{
    CONTENT_RANGE, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED,
    LOCATION, RANGE,
};
use reqwest::{Client, Response, StatusCode, Url};

use super::send::{IDLE, builder, built};
use super::transport_error::TransportError;
use crate::domain::{Error, Exit, Fault};
use crate::files::{beside, os};
use crate::store::Validators;

/// The most requests for one file; each but the first goes on after a cut, and only
/// where the one before brought some bytes.
const MOST_TRIES: u32 = 5;

/// What ends the name of the file that says which edition a part of a file belongs to.
const EDITION: &str = ".edition";

/// A file to fetch.
pub(crate) struct Download<'a> {
    /// The folder of the file, without a trailing slash.
    pub(crate) base_url: &'a str,
    /// The file's name there.
    pub(crate) name: &'a str,
    /// How the server named the edition that is known.
    pub(crate) known: Validators,
    /// Where it is received; what is there already is gone on with.
    pub(crate) into: &'a Path,
    /// For all of it.
    pub(crate) timeout: Duration,
    /// A larger file is not received.
    pub(crate) largest: u64,
    /// Called with the bytes so far and all there are.
    pub(crate) progress: &'a dyn Fn(u64, u64),
}

/// What came of a download.
#[derive(Debug)]
pub(crate) enum Downloaded {
    /// The edition is the known one.
    Unchanged,
    /// All of it is there.
    Whole(Validators),
}

/// Why a try did not end with the whole file.
enum Stopped {
    /// The connection ended before the file did.
    Broken(TransportError),
    /// What was there of it is of no use, and is gone.
    Useless,
    /// Another try would not help.
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<reqwest::Error> for Stopped {
    fn from(error: reqwest::Error) -> Self {
        Self::Broken(TransportError::Broken(error))
    }
}

impl Download<'_> {
    /// Receives the file.
    ///
    /// # Errors
    /// 68 where the server is out of reach, fails or takes too long, which leaves what has
    /// come; 76 where it answers with anything else than the file; 74 where the disk fails.
    pub(crate) fn fetch(&self) -> Result<Downloaded, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::internal("cannot set up the download").because(error))?;
        let too_long = || {
            self.outage(&format!("not all of it came within {} s", self.timeout.as_secs_f32()))
                .hint("run it again, which goes on from there; `timeout` allows longer")
        };
        runtime.block_on(async {
            let fetched = tokio::time::timeout(self.timeout, self.fetch_in_tries());
            fetched.await.unwrap_or_else(|_| Err(too_long()))
        })
    }

    /// Removes what has come of it.
    pub(crate) fn discard(&self) {
        // What stays is found again, and judged again, by the next try.
        for path in [self.into.to_owned(), self.edition()] {
            let _absent = fs::remove_file(path);
        }
    }

    async fn fetch_in_tries(&self) -> Result<Downloaded, Error> {
        let client = built(builder(self.base_url)?.no_gzip().read_timeout(IDLE))?;
        let mut tries = 1;
        loop {
            let before = self.length();
            let error = match self.attempt(&client).await {
                Ok(done) => return Ok(done),
                Err(Stopped::Failed(error)) => return Err(error),
                Err(Stopped::Useless) if tries < MOST_TRIES => None,
                Err(Stopped::Useless) => Some(self.protocol("sends parts that do not fit")),
                Err(Stopped::Broken(_)) if self.length() > before && tries < MOST_TRIES => None,
                Err(Stopped::Broken(error)) => Some(match error.fault() {
                    Fault::Garbled { .. } => self.protocol(&error.to_string()),
                    _ => self.outage(&error.to_string()),
                }),
            };
            if let Some(error) = error {
                return Err(error);
            }
            tries += 1;
        }
    }

    async fn attempt(&self, client: &Client) -> Result<Downloaded, Stopped> {
        let have = self.partial();
        let mut request = client.get(format!("{}/{}", self.base_url, self.name));
        if let Some((length, edition)) = &have {
            request = request.header(RANGE, format!("bytes={length}-")).header(IF_RANGE, edition);
        } else {
            let known =
                [(IF_NONE_MATCH, &self.known.etag), (IF_MODIFIED_SINCE, &self.known.last_modified)];
            for (name, value) in known {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
        }
        let response = request.send().await?;
        let (file, length) = match (response.status(), have) {
            (StatusCode::NOT_MODIFIED, None) if self.known != Validators::default() => {
                return Ok(Downloaded::Unchanged);
            }
            (StatusCode::OK, _) => (self.create(&response)?, 0),
            (StatusCode::PARTIAL_CONTENT, Some((length, _)))
                if starts_at(&response) == Some(length) =>
            {
                (self.open()?, length)
            }
            (StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE, Some(_)) => {
                self.discard();
                return Err(Stopped::Useless);
            }
            (status, _) => return Err(self.refused(status, &response).into()),
        };
        self.receive(response, file, length).await
    }

    async fn receive(
        &self,
        mut response: Response,
        mut file: File,
        mut length: u64,
    ) -> Result<Downloaded, Stopped> {
        let validators = validators_of(&response);
        let all = response.content_length().map(|rest| length.saturating_add(rest));
        let most = all.unwrap_or(length);
        while let Some(bytes) = response.chunk().await? {
            length += bytes.len() as u64;
            if length.max(most) > self.largest {
                self.discard();
                let what = format!("is over {} MiB", self.largest >> 20);
                return Err(self.protocol(&what).into());
            }
            file.write_all(&bytes).map_err(|error| self.unwritten(error))?;
            (self.progress)(length, most.max(length));
        }
        Ok(Downloaded::Whole(validators))
    }

    /// What an earlier try left, and the edition that it belongs to.
    fn partial(&self) -> Option<(u64, String)> {
        let edition = fs::read_to_string(self.edition()).ok()?;
        let length = self.length();
        (length > 0 && !edition.is_empty()).then_some((length, edition))
    }

    fn length(&self) -> u64 {
        self.into.symlink_metadata().map_or(0, |found| found.len())
    }

    fn edition(&self) -> PathBuf {
        beside(self.into, EDITION)
    }

    /// Begins anew. Without a name of its edition a part cannot be gone on with.
    fn create(&self, response: &Response) -> Result<File, Error> {
        self.discard();
        let file = os::create_private_file(self.into).map_err(|error| self.unwritten(error))?;
        if let Some(edition) = strong(&validators_of(response)) {
            os::create_private_file(&self.edition())
                .and_then(|mut file| file.write_all(edition.as_bytes()))
                .map_err(|error| self.unwritten(error))?;
        }
        Ok(file)
    }

    fn open(&self) -> Result<File, Error> {
        let mut options = File::options();
        options.append(true);
        os::follow_no_link(&mut options);
        options.open(self.into).map_err(|error| self.unwritten(error))
    }

    fn unwritten(&self, error: std::io::Error) -> Error {
        Error::io("cannot write", self.into, error)
    }

    fn host(&self) -> String {
        let url = Url::parse(self.base_url).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    fn refused(&self, status: StatusCode, response: &Response) -> Error {
        let said = format!("answers HTTP {}", status.as_u16());
        if status.is_server_error()
            || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
        {
            return self.outage(&said);
        }
        if status.is_redirection() && header(response, &LOCATION).is_some() {
            return self.protocol(&format!("{said}, a redirect, which is not followed")).hint(
                "where the file has moved for good, set `base_url` in `[vendors.nhtsa-file]`",
            );
        }
        self.protocol(&said)
    }

    fn outage(&self, why: &str) -> Error {
        let message = format!("`{}` of {} could not be fetched: {why}", self.name, self.host());
        Error::new(Exit::Outage, message).hint("run it again, which goes on from there")
    }

    /// 76: what the server sends is not the file.
    pub(crate) fn protocol(&self, what: &str) -> Error {
        let message = format!("`{}` of {} cannot be used: {what}", self.name, self.host());
        Error::new(Exit::Protocol, message)
            .hint("see `base_url` and `files` in `[vendors.nhtsa-file]`; the store is as it was")
    }
}

fn validators_of(response: &Response) -> Validators {
    let text = |name| Some(header(response, &name)?.to_owned());
    Validators { etag: text(ETAG), last_modified: text(LAST_MODIFIED) }
}

/// What may stand in `If-Range`: a weak `ETag` must not (RFC 9110, 13.1.5).
fn strong(validators: &Validators) -> Option<&str> {
    let etag = validators.etag.as_deref().filter(|etag| !etag.starts_with("W/"));
    etag.or(validators.last_modified.as_deref())
}

fn header<'a>(response: &'a Response, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The place of the first byte: `bytes 100-199/200`.
fn starts_at(response: &Response) -> Option<u64> {
    let range = header(response, &CONTENT_RANGE)?.strip_prefix("bytes ")?;
    range.split_once('-')?.0.trim().parse().ok()
}
