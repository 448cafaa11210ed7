//! Puts the layers over each other: default, file, environment, command line. What the file says is
//! checked even where another layer wins.

use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeValue;
use url::Url;

use super::document::{Document, Section};
use super::environment::{Environment, Flags};
use super::error::{Error, Expected, Warning};
use super::file::ConfigFile;
use super::origin::{Origin, Setting};
use super::{Config, Listen, Network, Sending, app_secret, file, templates, values};
use crate::words::Lang;
use crate::zone::Zone;

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;
const API_BASES: [&str; 2] = ["https://api.weixin.qq.com", "https://api2.weixin.qq.com"];
const OPEN_BASE: &str = "https://open.weixin.qq.com";

impl Config {
    /// Reads the config file, if there is one, and lays environment and command line over it. Nothing
    /// else is opened but a file that holds the secret.
    pub fn load(flags: &Flags, environment: &Environment) -> Result<Self, Error> {
        Self::of_file(file::find(flags, environment)?, flags, environment)
    }

    /// The same with `text` for the file at `path`, whatever is there.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn of_text(path: &Path, text: String, environment: &Environment) -> Result<Self, Error> {
        let file = ConfigFile { path: path.to_owned(), text, readable_by_all: false };
        Self::of_file(Some(file), &Flags::default(), environment)
    }

    fn of_file(file: Option<ConfigFile>, flags: &Flags, environment: &Environment) -> Result<Self, Error> {
        let document = match &file {
            Some(file) => Document::parse(&file.path, &file.text, environment)?,
            None => Document::none(environment),
        };
        let root = document.root();
        let app_id = root.text("app_id", values::app_id, Expected::AppId)?;
        let redirect_uri = root.text("redirect_uri", values::redirect_uri, Expected::RedirectUri)?;
        let scope = root.text("scope", |text| text.parse().ok(), Expected::Scope)?;
        let token_endpoint = root.text("token_endpoint", |text| text.parse().ok(), Expected::TokenEndpoint)?;
        let found = app_secret::find(environment, &root)?;
        let mut config = Self {
            path: file.as_ref().map(|file| file.path.clone()),
            app_id: environment.setting("WXBOX_APP_ID", "app_id", values::app_id, Expected::AppId)?.or(app_id),
            app_secret: found.secret,
            redirect_uri: environment
                .setting("WXBOX_REDIRECT_URI", "redirect_uri", values::redirect_uri, Expected::RedirectUri)?
                .or(redirect_uri),
            scope: flags.scope.map(|scope| Setting::flag(scope, "--scope")).or(scope).unwrap_or_default(),
            token_endpoint: token_endpoint.unwrap_or_default(),
            database: database(flags, environment, &root)?,
            language: language(environment, &root)?,
            time_zone: time_zone(&root)?,
            listen: listen(flags, &root.section("listen"))?,
            network: network(&root.section("network"))?,
            send: sending(flags, &root.section("send"))?,
            templates: templates::read(&root)?,
            warnings: Vec::new(),
            secret_trouble: found.trouble,
            home: environment.config_path(),
        };
        let holds_secret = found.in_config || config.network.proxy.as_ref().is_some_and(|it| it.has_credentials());
        if let Some(file) = file
            && file.readable_by_all
            && holds_secret
        {
            config.warnings.push(Warning::Readable { path: file.path });
        }
        config.warnings.extend(found.open_file.map(|path| Warning::Readable { path }));
        Ok(config)
    }
}

fn database(flags: &Flags, environment: &Environment, root: &Section<'_>) -> Result<Setting<PathBuf>, Error> {
    const NAME: &str = "wxbox.db";
    let own = root.path("database")?;
    if let Some(path) = &flags.database {
        return Ok(Setting::flag(environment.typed(path, "--database")?, "--database"));
    }
    if let Some(path) = environment.path("WXBOX_DATABASE")? {
        return Ok(Setting::new(path, Origin::Env("WXBOX_DATABASE")));
    }
    if let Some(own) = own {
        return Ok(own);
    }
    if let Some(directory) = environment.state_directory(NAME) {
        return Ok(Setting::new(directory.join(NAME), Origin::Env("STATE_DIRECTORY")));
    }
    environment.refuse_unexpanded("XDG_DATA_HOME")?;
    if let Some(directory) = environment.directory("XDG_DATA_HOME") {
        return Ok(Setting::new(directory.join("wxbox").join(NAME), Origin::Env("XDG_DATA_HOME")));
    }
    let home = environment.directory("HOME").ok_or(Error::NoHome)?;
    Ok(Setting::default_of(home.join(".local/share/wxbox").join(NAME)))
}

/// `WXBOX_LANG` wins over the file, unless it names no language of ours: the run has warned of that.
fn language(environment: &Environment, root: &Section<'_>) -> Result<Option<Setting<Lang>>, Error> {
    const NAME: &str = "WXBOX_LANG";
    let own = root.text("language", Lang::named, Expected::Language)?;
    let variable = environment.text(NAME).ok().flatten().map(str::trim).and_then(Lang::named);
    Ok(variable.map(|lang| Setting::new(lang, Origin::Env(NAME))).or(own))
}

fn time_zone(root: &Section<'_>) -> Result<Option<Setting<Zone>>, Error> {
    let name = root.text("time_zone", |text| Some(text.to_owned()), Expected::TimeZone)?;
    let Some(Setting { value: name, origin }) = name else { return Ok(None) };
    match name.parse() {
        Ok(zone) => Ok(Some(Setting::new(zone, origin))),
        Err(unknown) => Err(Error::UnknownZone { origin, nearest: unknown.nearest }),
    }
}

fn listen(flags: &Flags, section: &Section<'_>) -> Result<Listen, Error> {
    let own = section.text("address", |text| text.parse().ok(), Expected::Address)?;
    let address = match &flags.listen {
        Some(text) => {
            let wrong = |expected| flag_error("listen.address", "--listen", expected);
            Some(Setting::flag(text.parse().map_err(wrong)?, "--listen"))
        }
        None => own,
    };
    let tls_cert = section.path("tls_cert")?;
    let tls_key = section.path("tls_key")?;
    for (one, name, other, partner) in
        [(&tls_cert, "tls_cert", &tls_key, "tls_key"), (&tls_key, "tls_key", &tls_cert, "tls_cert")]
    {
        if let (Some(one), None) = (one, other) {
            let origin = one.origin.clone();
            return Err(Error::Alone { key: section.key(name), partner: section.key(partner), origin });
        }
    }
    Ok(Listen {
        address,
        timeout: time(section, "timeout", flags.timeout, "--timeout", 5 * MINUTE)?,
        tls_cert,
        tls_key,
        domain_verify_file: section.path("domain_verify_file")?,
    })
}

fn network(section: &Section<'_>) -> Result<Network, Error> {
    let api_base = section.value("api_base", api_bases, Expected::ApiBase)?;
    let default_bases = || Setting::default_of(API_BASES.into_iter().filter_map(values::api_base).collect());
    let open_base = section.text("open_base", values::base, Expected::Base)?;
    let open_base = open_base.or_else(|| values::base(OPEN_BASE).map(Setting::default_of));
    let wrong = || Error::Value { key: section.key("open_base"), origin: Origin::Default, expected: Expected::Base };
    Ok(Network {
        api_base: api_base.unwrap_or_else(default_bases),
        open_base: open_base.ok_or_else(wrong)?,
        timeout: time(section, "timeout", None, "", 10)?,
        proxy: section.text("proxy", values::proxy, Expected::Proxy)?,
        ca_file: section.path("ca_file")?,
    })
}

/// One address or a list of at least one.
fn api_bases(value: &DeValue<'_>) -> Option<Vec<Url>> {
    match value {
        DeValue::String(text) => values::api_base(text).map(|base| vec![base]),
        DeValue::Array(list) if !list.is_empty() => {
            list.iter().map(|item| item.get_ref().as_str().and_then(values::api_base)).collect()
        }
        _ => None,
    }
}

fn sending(flags: &Flags, section: &Section<'_>) -> Result<Sending, Error> {
    let own = section.number("concurrency", values::concurrency, Expected::Concurrency)?;
    let concurrency = match flags.concurrency {
        Some(number) => {
            let number = u64::try_from(number).ok().and_then(values::concurrency);
            let number =
                number.ok_or_else(|| flag_error("send.concurrency", "--concurrency", Expected::Concurrency))?;
            Setting::flag(number, "--concurrency")
        }
        None => own.unwrap_or_else(|| Setting::default_of(16)),
    };
    let rate = section.number("rate", values::whole, Expected::Whole)?;
    let wait = section.text("wait", values::duration, Expected::Duration)?;
    let max_attempts = section.number("max_attempts", values::whole, Expected::Whole)?;
    Ok(Sending {
        concurrency,
        rate: flags.rate.map(|rate| Setting::flag(rate, "--rate")).or(rate).unwrap_or_default(),
        wait: wait.unwrap_or_else(|| Setting::default_of(Duration::from_secs(30))),
        max_attempts: max_attempts.unwrap_or_default(),
        expire_after: time(section, "expire_after", flags.expire_after, "--expire-after", DAY)?,
        retain: time(section, "retain", None, "", 90 * DAY)?,
    })
}

/// A duration of more than nothing; the default is in seconds.
fn time(
    section: &Section<'_>,
    name: &str,
    flag: Option<Duration>,
    option: &'static str,
    default: u64,
) -> Result<Setting<Duration>, Error> {
    let own = section.text(name, values::timeout, Expected::Timeout)?;
    if let Some(duration) = flag {
        let duration = values::some_time(duration);
        let duration = duration.ok_or_else(|| flag_error(&section.key(name), option, Expected::Timeout))?;
        return Ok(Setting::flag(duration, option));
    }
    Ok(own.unwrap_or_else(|| Setting::default_of(Duration::from_secs(default))))
}

fn flag_error(key: &str, option: &'static str, expected: Expected) -> Error {
    Error::Value { key: key.to_owned(), origin: Origin::Flag(option), expected }
}
