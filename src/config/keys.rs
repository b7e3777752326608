//! The one list of known configuration keys, and what the value of each does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::draft::{DatasetDraft, General};
use super::{
    Durability, EVERY_ENDPOINT, RecallFileSettings, RecallKey, VendorSettings, address, parse,
    sources,
};
use crate::domain::vendor::VendorOption;
use crate::domain::{Dataset, Micros};

/// A value as it was written, from a file or from the environment.
#[derive(Debug)]
pub(super) enum Value {
    /// Text of a TOML string.
    Text(String),
    /// A TOML integer.
    Integer(i64),
    /// A TOML boolean.
    Boolean(bool),
    /// A TOML array of strings.
    List(Vec<String>),
    /// An environment variable: text that stands for any of the above.
    Variable(String),
    /// A TOML table without entries.
    Table,
    /// Any other TOML value, by its name.
    Other(&'static str),
}

/// One key: its name and what its value does to `T`. An error fits behind the key's name.
pub(super) struct Key<T> {
    pub(super) name: &'static str,
    pub(super) set: fn(&mut T, &Value) -> Result<(), String>,
}

/// `key = …` before any table.
pub(super) const GENERAL: &[Key<General>] = &[
    Key { name: "store", set: |to, value| value.path().map(|path| to.store = Some(path)) },
    Key {
        name: "max_wait",
        set: |to, value| value.duration().map(|wait| to.max_wait = Some(wait)),
    },
    Key {
        name: "durability",
        set: |to, value| {
            to.durability = Some(match value.text()? {
                "normal" => Durability::Normal,
                "full" => Durability::Full,
                other => return Err(format!("must be `normal` or `full`, not `{other}`")),
            });
            Ok(())
        },
    },
];

/// `[datasets.X]`.
pub(super) const DATASET: &[Key<DatasetDraft>] = &[
    Key {
        name: "vendors",
        set: |to, value| {
            to.settings.vendors = sources::known(&value.list()?, &to.vendors)?;
            to.settings.named = true;
            Ok(())
        },
    },
    Key { name: "ttl", set: |to, value| value.duration().map(|ttl| to.settings.ttl = ttl) },
    Key {
        name: "max_stale",
        set: |to, value| value.duration().map(|age| to.max_stale = Some(age)),
    },
    Key { name: "keep", set: |to, value| value.duration().map(|age| to.settings.keep = age) },
    Key {
        name: "key",
        set: |to, value| {
            if to.dataset != Dataset::Recalls {
                return Err(format!("is for recalls alone; {} is always asked by VIN", to.dataset));
            }
            to.settings.key = match value.text()? {
                "vehicle" => RecallKey::Vehicle,
                "vin" => RecallKey::Vin,
                other => return Err(format!("must be `vehicle` or `vin`, not `{other}`")),
            };
            Ok(())
        },
    },
];

/// `[vendors.X]`.
pub(super) const VENDOR: &[Key<VendorSettings>] = &[
    Key {
        name: "base_url",
        set: |to, value| address::base_url(value.text()?).map(|url| to.base_url = url),
    },
    Key {
        name: "account",
        set: |to, value| parse::account(value.text()?).map(|name| to.account = Some(name)),
    },
    Key {
        name: "api_key_env",
        set: |to, value| {
            parse::variable_name(value.text()?).map(|name| to.api_key_env = Some(name))
        },
    },
    Key {
        name: "api_key_file",
        set: |to, value| value.path().map(|path| to.api_key_file = Some(path)),
    },
    Key {
        name: "quotas",
        set: |to, value| value.each(parse::quota).map(|quotas| to.quotas = quotas),
    },
    Key {
        name: "quota_reset",
        set: |to, value| parse::quota_reset(value.text()?).map(|reset| to.quota_reset = reset),
    },
    Key { name: "spend", set: |to, value| value.each(parse::spend).map(|spend| to.spend = spend) },
    Key {
        name: "price_micros",
        set: |to, value| {
            to.price = [(EVERY_ENDPOINT.to_owned(), value.price()?)].into();
            Ok(())
        },
    },
    Key {
        name: "concurrency",
        set: |to, value| {
            let number = value.integer()?;
            let calls = u32::try_from(number).ok().filter(|calls| *calls <= MOST_CONCURRENT);
            to.concurrency = calls
                .and_then(|calls| calls.try_into().ok())
                .ok_or_else(|| format!("must be from 1 to {MOST_CONCURRENT}, not `{number}`"))?;
            Ok(())
        },
    },
    Key { name: "timeout", set: |to, value| value.timeout().map(|timeout| to.timeout = timeout) },
    Key { name: "confirm_zero", set: |to, value| value.boolean().map(|yes| to.confirm_zero = yes) },
    Key { name: "allow_dearer", set: |to, value| value.boolean().map(|yes| to.allow_dearer = yes) },
];

/// `[vendors.vpic]`, which is a file and not a vendor.
pub(super) const VPIC: &[Key<General>] =
    &[Key { name: "data", set: |to, value| value.path().map(|path| to.vpic_data = Some(path)) }];

/// `[vendors.nhtsa-file]`, from where the file is fetched.
pub(super) const NHTSA_FILE: &[Key<RecallFileSettings>] = &[
    Key {
        name: "base_url",
        set: |to, value| address::base_url(value.text()?).map(|url| to.base_url = url),
    },
    Key {
        name: "files",
        set: |to, value| value.each(parse::file_name).map(|files| to.files = files),
    },
    Key { name: "timeout", set: |to, value| value.timeout().map(|timeout| to.timeout = timeout) },
];

/// Far above what any vendor's quota allows; more is a typing error.
const MOST_CONCURRENT: u32 = 256;

/// Whether a key of this name would hold a secret instead of saying where it is.
pub(super) fn names_a_secret(key: &str) -> bool {
    matches!(key, "api_key" | "apikey" | "api-key" | "token" | "secret" | "password" | "bearer")
}

impl Value {
    fn text(&self) -> Result<&str, String> {
        match self {
            Self::Text(text) | Self::Variable(text) => Ok(text),
            other => Err(format!("must be text in quotes, not {}", other.kind())),
        }
    }

    fn duration(&self) -> Result<Duration, String> {
        match self {
            Self::Integer(number) => {
                Err(format!("must be a duration with its unit in quotes, such as `\"{number}s\"`"))
            }
            other => parse::duration(other.text()?),
        }
    }

    fn timeout(&self) -> Result<Duration, String> {
        match self.duration()? {
            Duration::ZERO => Err("must be longer than nothing".into()),
            timeout => Ok(timeout),
        }
    }

    fn boolean(&self) -> Result<bool, String> {
        match self {
            Self::Boolean(yes) => Ok(*yes),
            Self::Variable(text) if text == "true" => Ok(true),
            Self::Variable(text) if text == "false" => Ok(false),
            other => Err(format!("must be `true` or `false`, not {}", other.kind())),
        }
    }

    fn integer(&self) -> Result<i64, String> {
        match self {
            Self::Integer(number) => Ok(*number),
            Self::Variable(text) => {
                text.trim().parse().map_err(|_| format!("must be a whole number, not `{text}`"))
            }
            other => Err(format!("must be a whole number, not {}", other.kind())),
        }
    }

    /// A price in millionths of a US dollar.
    pub(super) fn price(&self) -> Result<Micros, String> {
        match self.integer()? {
            price @ 0.. => Ok(Micros(price)),
            below => Err(format!("must not be below zero, not `{below}`")),
        }
    }

    /// A setting that only one vendor has, as text.
    pub(super) fn option(&self, option: &VendorOption) -> Result<Vec<String>, String> {
        let values = match self {
            _ if option.list => self.list()?,
            Self::Integer(number) => vec![number.to_string()],
            Self::Boolean(yes) => vec![yes.to_string()],
            other => vec![other.text()?.to_owned()],
        };
        values.iter().try_for_each(|value| (option.check)(value))?;
        Ok(values)
    }

    fn list(&self) -> Result<Vec<String>, String> {
        match self {
            Self::List(items) => Ok(items.clone()),
            Self::Variable(text) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Ok(items.map(str::to_owned).collect())
            }
            Self::Text(text) => Err(format!("must be a list in brackets: `[{text:?}]`")),
            other => Err(format!("must be a list in brackets, not {}", other.kind())),
        }
    }

    fn each<T>(&self, parse: fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
        self.list()?.iter().map(|item| parse(item)).collect()
    }

    /// A path; `~/` is the home folder.
    fn path(&self) -> Result<PathBuf, String> {
        let text = self.text()?;
        if text.is_empty() {
            return Err("must be a path, not empty".into());
        }
        let Some(below_home) = text.strip_prefix("~/") else {
            return Ok(PathBuf::from(text));
        };
        let dirs =
            directories::BaseDirs::new().ok_or("starts with `~`, but there is no home folder")?;
        Ok(Path::new(dirs.home_dir()).join(below_home))
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Variable(_) => "text",
            Self::Integer(_) => "a number",
            Self::Boolean(_) => "`true` or `false`",
            Self::List(_) => "a list",
            Self::Table => "a table",
            Self::Other(kind) => kind,
        }
    }
}
