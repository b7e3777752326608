//! Where requests may be sent: the checks of a `base_url`, and the addresses
//! that no vendor has.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// An address that requests may be sent to, without its trailing slash.
///
/// The address itself is never repeated in an error: people paste keys into URLs.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text)
        .map_err(|e| format!("must be an address such as `https://api.example.com/v1` ({e})"))?;
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    let loopback = host == "localhost" || ip.is_some_and(is_loopback);
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => {
            return Err(
                "must be `https`; `http` is for this machine alone (127.0.0.1, localhost)".into()
            );
        }
        other => return Err(format!("must be `https`, not `{other}`")),
    }
    if host.is_empty() {
        return Err("must name a host".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must end with its path, without `?` or `#`".into());
    }
    if NAMES_OF_METADATA.contains(&&*host) || ip.is_some_and(is_off_limits) {
        return Err("must not be a link-local or cloud metadata address".into());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Where a link to a file leads that an API at `base_url` gave out, and whether that is
/// the API itself. A link may lead to any host by https, but to this machine only where
/// the API is on it. The link itself is never repeated in an error: it holds a signature.
pub(crate) fn file_address(link: &str, base_url: &str) -> Result<(Url, bool), String> {
    let url = Url::parse(link).map_err(|_| "it is not an address".to_owned())?;
    let api = Url::parse(base_url).map_err(|_| "the API has no address".to_owned())?;
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    self::base_url(bare.as_str()).map_err(|why| format!("it {why}"))?;
    if is_here(&url) && !is_here(&api) {
        return Err("it leads to this machine".into());
    }
    if url.scheme() != "https" && api.scheme() == "https" {
        return Err("it must be `https`".into());
    }
    let is_of_api = url.origin() == api.origin();
    Ok((url, is_of_api))
}

/// Whether the host is this machine.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    host == "localhost" || ip.is_some_and(|ip| is_loopback(ip) || ip.is_unspecified())
}

/// One spelling for all that name the same address: the case of scheme and host, a port
/// that is the scheme's own, slashes that are repeated or at the end, and the names of
/// loopback. Text that is not an address stays as it is.
pub(crate) fn one_spelling(base_url: &str) -> String {
    let Ok(mut url) = Url::parse(base_url) else { return base_url.to_owned() };
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_owned();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    let is_here = host == "localhost"
        || ip.is_some_and(|ip| {
            [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
                .contains(&ip.to_canonical())
        });
    let host = if is_here { "127.0.0.1" } else { &host };
    // Only an address without a host refuses one, and that stays as it is.
    let _same = url.set_host(Some(host));
    let parts = url.path().split('/').filter(|part| !part.is_empty());
    let path = parts.collect::<Vec<_>>().join("/");
    url.set_path(&path);
    url.as_str().trim_end_matches('/').to_owned()
}

/// Names under which clouds hand out credentials to whoever asks.
const NAMES_OF_METADATA: [&str; 5] = [
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
];

/// Whether `ip` is this machine.
pub(crate) fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Whether no vendor can be there: link-local, or where clouds hand out
/// credentials to whoever asks; in whatever form of IPv6 it is written.
pub(crate) fn is_off_limits(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => is_off_limits_v4(v4),
        IpAddr::V6(v6) => {
            v6.is_unicast_link_local()
                || METADATA_V6.contains(&v6)
                || embedded(v6).is_some_and(is_off_limits_v4)
        }
    }
}

fn is_off_limits_v4(v4: Ipv4Addr) -> bool {
    v4.is_link_local() || METADATA_V4.contains(&v4)
}

/// Alibaba, Oracle and Azure; the others are link-local.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];

/// Amazon and Google.
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

/// The IPv4 address that packets to `v6` may end at: mapped and compatible ones
/// (RFC 4291, 2.5.5), 6to4 (RFC 3056) and NAT64 (RFC 6052, 2.1).
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match v6.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(of(high, low))
        }
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
#[path = "tests/address.rs"]
mod tests;
