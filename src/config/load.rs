//! Merges the layers: default, file, environment, command line. The values of the file are checked
//! even if another layer overrides them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeValue;
use url::Url;

use super::document::{Document, Section};
use super::environment::{CliOverrides, Environment};
use super::error::{Error, Expected};
use super::file::ConfigFile;
use super::origin::{Origin, Setting};
use super::push::{PushSecretLookups, check_push_path};
use super::recipients::DefaultRecipient;
use super::secret_lookup::{SecretLookup, find_secret};
use super::values::{OAuthScope, TokenEndpoint};
use super::{Config, ConfigSecret, ListenConfig, NetworkConfig, SendConfig, ServeConfig, file, templates, values};
use crate::i18n::Lang;
use crate::time_zone::Zone;

const MINUTE_SECS: u64 = 60;
const DAY_SECS: u64 = 24 * 60 * MINUTE_SECS;
const DEFAULT_API_BASES: [&str; 2] = ["https://api.weixin.qq.com", "https://api2.weixin.qq.com"];
const DEFAULT_OPEN_BASE: &str = "https://open.weixin.qq.com";

impl Config {
    /// Reads the config file, if there is one, and applies environment and command line. The only
    /// other files that are opened are those with secrets.
    pub fn load(flags: &CliOverrides, environment: &Environment) -> Result<Self, Error> {
        Self::from_file(file::find_config_file(flags, environment)?, flags, environment)
    }

    /// Returns the configuration that `text` would give as the content of `path`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_text(path: &Path, text: String, environment: &Environment) -> Result<Self, Error> {
        let file = ConfigFile { path: path.to_owned(), text, is_world_readable: false };
        Self::from_file(Some(file), &CliOverrides::default(), environment)
    }

    fn from_file(file: Option<ConfigFile>, flags: &CliOverrides, environment: &Environment) -> Result<Self, Error> {
        let document = match &file {
            Some(file) => Document::parse(&file.path, &file.text, environment)?,
            None => Document::empty(environment),
        };
        let root = document.root();
        let app_id = root.text("app_id", values::parse_app_id, Expected::AppId)?;
        let redirect_uri = root.text("redirect_uri", values::parse_redirect_uri, Expected::RedirectUri)?;
        let scope = root.text("scope", OAuthScope::from_name, Expected::Scope)?;
        let token_endpoint = root.text("token_endpoint", TokenEndpoint::from_name, Expected::TokenEndpoint)?;
        let secret = find_secret(ConfigSecret::AppSecret, environment, &root)?;
        let push_section = root.section("push");
        let push_secrets = PushSecretLookups::find(environment, &push_section)?;
        let secret_files = SecretFiles::of([&secret].into_iter().chain(push_secrets.all()));
        let mut config = Self {
            path: file.as_ref().map(|file| file.path.clone()),
            app_id: environment.setting("WXBOX_APP_ID", "app_id", values::parse_app_id, Expected::AppId)?.or(app_id),
            app_secret: secret.secret,
            redirect_uri: environment
                .setting("WXBOX_REDIRECT_URI", "redirect_uri", values::parse_redirect_uri, Expected::RedirectUri)?
                .or(redirect_uri),
            scope: flags.scope.map(|scope| Setting::from_flag(scope, "--scope")).or(scope).unwrap_or_default(),
            token_endpoint: token_endpoint.unwrap_or_default(),
            database: read_database(flags, environment, &root)?,
            language: read_language(environment, &root)?,
            time_zone: read_time_zone(&root)?,
            listen: read_listen(flags, &root.section("listen"))?,
            serve: read_serve(&root.section("serve"))?,
            push: push_secrets.into_config(&push_section)?,
            network: read_network(&root.section("network"))?,
            send: read_send(flags, environment, &root.section("send"))?,
            templates: templates::read_templates(&root)?,
            world_readable_files: Vec::new(),
            secret_error: secret.error,
            default_path: environment.config_path(),
        };
        if let Some(redirect_uri) = config.redirect_uri.as_ref().filter(|_| config.has_push()) {
            check_push_path(&config.push.path, redirect_uri, config.public_url().as_ref())?;
        }
        let holds_secret = secret_files.is_config
            || config.network.proxy.as_ref().is_some_and(|proxy| proxy.has_credentials())
            || config.push.forward_to.as_ref().is_some_and(|url| values::has_userinfo(url));
        let config_file = file.filter(|file| file.is_world_readable && holds_secret).map(|file| file.path);
        config.world_readable_files = config_file.into_iter().chain(secret_files.world_readable).collect();
        Ok(config)
    }
}

/// The files that hold secrets.
struct SecretFiles {
    /// Whether the config file is one of them.
    is_config: bool,
    /// The others, if every user of the machine can read them.
    world_readable: Vec<PathBuf>,
}

impl SecretFiles {
    fn of<'l>(lookups: impl Iterator<Item = &'l SecretLookup> + Clone) -> Self {
        let mut world_readable: Vec<_> =
            lookups.clone().filter_map(|found| found.world_readable_file.clone()).collect();
        world_readable.dedup();
        Self { is_config: lookups.into_iter().any(|found| found.is_in_config), world_readable }
    }
}

fn read_database(
    flags: &CliOverrides,
    environment: &Environment,
    root: &Section<'_>,
) -> Result<Setting<PathBuf>, Error> {
    const NAME: &str = "wxbox.db";
    let configured = root.path("database")?;
    if let Some(path) = &flags.database {
        return Ok(Setting::from_flag(environment.option_path(path, "--database")?, "--database"));
    }
    if let Some(path) = environment.path_var("WXBOX_DATABASE")? {
        return Ok(Setting::new(path, Origin::Env("WXBOX_DATABASE")));
    }
    if let Some(configured) = configured {
        return Ok(configured);
    }
    if let Some(directory) = environment.state_directory(NAME) {
        return Ok(Setting::new(directory.join(NAME), Origin::Env("STATE_DIRECTORY")));
    }
    environment.check_expanded("XDG_DATA_HOME")?;
    if let Some(directory) = environment.absolute_dir_var("XDG_DATA_HOME") {
        return Ok(Setting::new(directory.join("wxbox").join(NAME), Origin::Env("XDG_DATA_HOME")));
    }
    let home = environment.absolute_dir_var("HOME").ok_or(Error::NoDataDirectory)?;
    Ok(Setting::from_default(home.join(".local/share/wxbox").join(NAME)))
}

/// Reads the language. An unknown language in `WXBOX_LANG` is ignored here; `run` has warned about
/// it.
fn read_language(environment: &Environment, root: &Section<'_>) -> Result<Option<Setting<Lang>>, Error> {
    const NAME: &str = "WXBOX_LANG";
    let configured = root.text("language", Lang::from_name, Expected::Language)?;
    let variable = environment.var(NAME).ok().flatten().map(str::trim).and_then(Lang::from_name);
    Ok(variable.map(|lang| Setting::new(lang, Origin::Env(NAME))).or(configured))
}

fn read_time_zone(root: &Section<'_>) -> Result<Option<Setting<Zone>>, Error> {
    let name = root.text("time_zone", |text| Some(text.to_owned()), Expected::TimeZone)?;
    let Some(Setting { value: name, origin }) = name else { return Ok(None) };
    match name.parse() {
        Ok(zone) => Ok(Some(Setting::new(zone, origin))),
        Err(unknown) => Err(Error::UnknownZone { origin, nearest: unknown.nearest }),
    }
}

fn read_listen(flags: &CliOverrides, section: &Section<'_>) -> Result<ListenConfig, Error> {
    let own = section.text("address", |text| text.parse().ok(), Expected::ListenAddress)?;
    let address = match &flags.listen {
        Some(text) => {
            let wrong = |expected| flag_error("listen.address", "--listen", expected);
            Some(Setting::from_flag(text.parse().map_err(wrong)?, "--listen"))
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
            return Err(Error::MissingPartner { key: section.key(name), partner: section.key(partner), origin });
        }
    }
    Ok(ListenConfig {
        address,
        timeout: read_duration(section, "timeout", flags.timeout, "--timeout", 5 * MINUTE_SECS)?,
        tls_cert,
        tls_key,
        domain_verify_file: section.path("domain_verify_file")?,
    })
}

fn read_serve(section: &Section<'_>) -> Result<ServeConfig, Error> {
    Ok(ServeConfig {
        address: section.text("address", |text| text.parse().ok(), Expected::ListenAddress)?,
        public_url: section.text("public_url", values::parse_public_url, Expected::BaseUrl)?,
    })
}

fn read_network(section: &Section<'_>) -> Result<NetworkConfig, Error> {
    let api_base = section.value("api_base", parse_api_bases, Expected::ApiBase)?;
    let default_bases =
        || Setting::from_default(DEFAULT_API_BASES.into_iter().filter_map(values::parse_api_base).collect());
    let open_base = section.text("open_base", values::parse_base_url, Expected::BaseUrl)?;
    let open_base = open_base.or_else(|| values::parse_base_url(DEFAULT_OPEN_BASE).map(Setting::from_default));
    let invalid =
        || Error::InvalidValue { key: section.key("open_base"), origin: Origin::Default, expected: Expected::BaseUrl };
    Ok(NetworkConfig {
        api_base: api_base.unwrap_or_else(default_bases),
        open_base: open_base.ok_or_else(invalid)?,
        timeout: read_duration(section, "timeout", None, "", 10)?,
        proxy: section.text("proxy", values::parse_proxy, Expected::Proxy)?,
        ca_file: section.path("ca_file")?,
    })
}

/// Parses one URL or a non-empty list of URLs.
fn parse_api_bases(value: &DeValue<'_>) -> Option<Vec<Url>> {
    match value {
        DeValue::String(text) => values::parse_api_base(text).map(|base| vec![base]),
        DeValue::Array(list) if !list.is_empty() => {
            list.iter().map(|item| item.get_ref().as_str().and_then(values::parse_api_base)).collect()
        }
        _ => None,
    }
}

fn read_send(flags: &CliOverrides, environment: &Environment, section: &Section<'_>) -> Result<SendConfig, Error> {
    let to = section.value("to", DefaultRecipient::parse_value, Expected::Recipients)?;
    let to_variable = environment.setting("WXBOX_TO", "send.to", DefaultRecipient::parse_list, Expected::Recipients)?;
    let configured = section.number("concurrency", values::check_concurrency, Expected::Concurrency)?;
    let concurrency = match flags.concurrency {
        Some(number) => {
            let number = u64::try_from(number).ok().and_then(values::check_concurrency);
            let number =
                number.ok_or_else(|| flag_error("send.concurrency", "--concurrency", Expected::Concurrency))?;
            Setting::from_flag(number, "--concurrency")
        }
        None => configured.unwrap_or_else(|| Setting::from_default(16)),
    };
    let rate = section.number("rate", values::to_u32, Expected::NonNegativeInteger)?;
    let wait = section.text("wait", values::parse_duration, Expected::Duration)?;
    let max_attempts = section.number("max_attempts", values::to_u32, Expected::NonNegativeInteger)?;
    Ok(SendConfig {
        to: to_variable.or(to),
        concurrency,
        rate: flags.rate.map(|rate| Setting::from_flag(rate, "--rate")).or(rate).unwrap_or_default(),
        wait: wait.unwrap_or_else(|| Setting::from_default(Duration::from_secs(30))),
        max_attempts: max_attempts.unwrap_or_default(),
        expire_after: read_duration(section, "expire_after", flags.expire_after, "--expire-after", DAY_SECS)?,
        retain: read_duration(section, "retain", None, "", 90 * DAY_SECS)?,
    })
}

/// Reads a duration of more than 0. `default` is in seconds.
fn read_duration(
    section: &Section<'_>,
    name: &str,
    flag: Option<Duration>,
    option: &'static str,
    default: u64,
) -> Result<Setting<Duration>, Error> {
    let configured = section.text(name, values::parse_timeout, Expected::PositiveDuration)?;
    if let Some(duration) = flag {
        let duration = values::nonzero_duration(duration);
        let duration = duration.ok_or_else(|| flag_error(&section.key(name), option, Expected::PositiveDuration))?;
        return Ok(Setting::from_flag(duration, option));
    }
    Ok(configured.unwrap_or_else(|| Setting::from_default(Duration::from_secs(default))))
}

fn flag_error(key: &str, option: &'static str, expected: Expected) -> Error {
    Error::InvalidValue { key: key.to_owned(), origin: Origin::Flag(option), expected }
}
