//! `wxbox config` prints the effective configuration and its path, and changes the file.

mod change;
mod edit;
mod key_argument;

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::cli::{ConfigCommand as Command, Global};
use crate::config::{CliOverrides, ConfigEntry, ValueType};
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::t;
use crate::ui::{Link, Ui, measure_text_width, terminal_width};
use key_argument::{config_path, parse_key, table_error};

pub(super) fn run(ui: &mut Ui, global: &Global, command: &Command) -> anyhow::Result<ExitStatus> {
    match command {
        Command::Show(args) => show(ui, global, args.origin),
        Command::Get(args) => get(ui, global, &args.key),
        Command::Set(args) => change::set(ui, global, args),
        Command::Unset(args) => change::unset(ui, global, args),
        Command::Edit => edit::edit(ui, global),
        Command::Path => path(ui, global),
    }
}

/// A value as `config get` prints it: a text without quotes, a list with a line for each text.
#[derive(Serialize)]
#[serde(transparent)]
struct PlainValue(ConfigLine);

impl fmt::Display for PlainValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        f.write_str(&match &self.0.value {
            Some(Value::Array(list)) => list.iter().map(plain).collect::<Vec<_>>().join("\n"),
            Some(value) => plain(value),
            None => String::new(),
        })
    }
}

fn get(ui: &mut Ui, global: &Global, text: &str) -> anyhow::Result<ExitStatus> {
    let path = parse_key(text)?;
    let Some(key) = path.key() else { return Err(table_error(&path).into()) };
    let name = path.to_string();
    if key.value_type == ValueType::Secret {
        return Err(CommandError::usage(t!("config-get-secret", key = name)).into());
    }
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    let entry = app.config.entries().into_iter().find(|entry| entry.key == name && entry.value.is_some());
    let Some(ConfigEntry { key, value, origin }) = entry else {
        return Err(CommandError::not_found(t!("config-not-set", key = name)).into());
    };
    let origin = origin.map(|origin| origin.to_string());
    ui.print(&PlainValue(ConfigLine { key, value, origin, layout: None }))?;
    Ok(ExitStatus::Success)
}

/// One configuration value.
#[derive(Serialize)]
struct ConfigLine {
    key: String,
    value: Option<Value>,
    origin: Option<String>,
    /// The layout of the origins on a terminal; in a pipe a tab separates them.
    #[serde(skip)]
    layout: Option<OriginLayout>,
}

/// The column at which origins start, and the width of the window.
#[derive(Clone, Copy)]
struct OriginLayout {
    column: usize,
    window: Option<usize>,
}

impl fmt::Display for ConfigLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = match &self.value {
            None => t!("config-unset"),
            // TOML writes these texts and numbers as JSON does.
            Some(Value::Array(list)) => {
                format!("[{}]", list.iter().map(Value::to_string).collect::<Vec<_>>().join(", "))
            }
            Some(value) => value.to_string(),
        };
        let line = format!("{} = {value}", self.key);
        match (self.layout, &self.origin) {
            (Some(_), origin) if !f.alternate() => write!(f, "{line}\t{}", origin.as_deref().unwrap_or_default()),
            (Some(OriginLayout { column, window }), Some(origin)) => {
                let origin = abbreviate_home(origin);
                let end = measure_text_width(&line).max(column) + COLUMN_GAP + measure_text_width(&origin);
                if window.is_some_and(|window| end > window) {
                    return write!(f, "{line}\n{}{origin}", " ".repeat(2 * COLUMN_GAP));
                }
                let gap = column.saturating_sub(measure_text_width(&line)) + COLUMN_GAP;
                write!(f, "{line}{}{origin}", " ".repeat(gap))
            }
            _ => f.write_str(&line),
        }
    }
}

/// The number of spaces between a value and its origin.
const COLUMN_GAP: usize = 2;

/// Replaces the home directory at the start of a path with `~`.
fn abbreviate_home(path: &str) -> String {
    let home = std::env::home_dir().and_then(|home| home.into_os_string().into_string().ok());
    let rest = home.as_deref().and_then(|home| path.strip_prefix(home.trim_end_matches('/')));
    rest.filter(|rest| rest.starts_with('/')).map_or_else(|| path.to_owned(), |rest| format!("~{rest}"))
}

fn show(ui: &mut Ui, global: &Global, origin: bool) -> anyhow::Result<ExitStatus> {
    let app = AppContext::open(ui, global, CliOverrides::default())?;
    if let Some(error) = app.config.secret_error() {
        ui.warn(&error.to_string());
    }
    if app.config.has_push()
        && let Err(error) = app.config.push_secrets()
    {
        ui.warn(&error.to_string());
    }
    let line = |entry: ConfigEntry| {
        let origin = entry.origin.map(|origin| origin.to_string());
        ConfigLine { key: entry.key, value: entry.value, origin, layout: None }
    };
    let mut lines: Vec<ConfigLine> = app.config.entries().into_iter().map(line).collect();
    if origin {
        // Longer values do not push the origins of all others to the right.
        const WIDEST: usize = 60;
        let window = terminal_width();
        let longest_origin = lines
            .iter()
            .filter_map(|line| line.origin.as_deref().map(|entry| measure_text_width(&abbreviate_home(entry))))
            .max();
        let max_column = window.map(|window| window.saturating_sub(longest_origin.unwrap_or_default() + COLUMN_GAP));
        let lengths = lines.iter().map(|line| measure_text_width(&line.to_string()));
        let column =
            lengths.filter(|length| *length <= max_column.unwrap_or(WIDEST).min(WIDEST)).max().unwrap_or_default();
        lines.iter_mut().for_each(|line| line.layout = Some(OriginLayout { column, window }));
    }
    for line in &lines {
        ui.print(line)?;
    }
    Ok(ExitStatus::Success)
}

/// The path of the configuration file.
#[derive(Serialize)]
struct ConfigPathView {
    path: PathBuf,
    exists: bool,
}

impl fmt::Display for ConfigPathView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

fn path(ui: &mut Ui, global: &Global) -> anyhow::Result<ExitStatus> {
    let path = config_path(global)?;
    let exists = path.exists();
    if !exists {
        ui.status(&t!("config-path-absent", path = path.as_path()));
    }
    let target = std::path::absolute(&path).ok().and_then(|path| Url::from_file_path(path).ok());
    let link = target.map(|target| Link::new(path.display().to_string(), target));
    ui.print_linked(&ConfigPathView { path, exists }, link.as_slice())?;
    Ok(ExitStatus::Success)
}
