//! `wxbox config …`: what is configured, and where.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use crate::app::App;
use crate::cli::{Config as Command, Global};
use crate::config::{Environment, Flags, Shown, path_in_force};
use crate::error::Exit;
use crate::t;
use crate::ui::{Ui, columns, width};

pub(super) fn run(ui: &mut Ui, global: &Global, command: &Command) -> anyhow::Result<Exit> {
    match command {
        Command::Show(args) => show(ui, global, args.origin),
        Command::Path => path(ui, global),
    }
}

/// A value as a result.
#[derive(Serialize)]
struct Line {
    key: String,
    value: Option<Value>,
    origin: Option<String>,
    /// How a person is shown the origins; in a pipe a tab does.
    #[serde(skip)]
    layout: Option<Layout>,
}

/// Where the origins stand below each other, and how wide the window is.
#[derive(Clone, Copy)]
struct Layout {
    column: usize,
    window: Option<usize>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = match &self.value {
            None => t!("config-unset"),
            // JSON's texts and numbers are TOML's.
            Some(Value::Array(list)) => {
                format!("[{}]", list.iter().map(Value::to_string).collect::<Vec<_>>().join(", "))
            }
            Some(value) => value.to_string(),
        };
        let line = format!("{} = {value}", self.key);
        match (self.layout, &self.origin) {
            (Some(_), origin) if !f.alternate() => write!(f, "{line}\t{}", origin.as_deref().unwrap_or_default()),
            (Some(Layout { column, window }), Some(origin)) => {
                let origin = below_home(origin);
                let end = width(&line).max(column) + GAP + width(&origin);
                if window.is_some_and(|window| end > window) {
                    return write!(f, "{line}\n{}{origin}", " ".repeat(2 * GAP));
                }
                let gap = column.saturating_sub(width(&line)) + GAP;
                write!(f, "{line}{}{origin}", " ".repeat(gap))
            }
            _ => f.write_str(&line),
        }
    }
}

/// Blanks between a value and its origin.
const GAP: usize = 2;

/// A path below the home, as people write it.
fn below_home(path: &str) -> String {
    let home = std::env::home_dir().and_then(|home| home.into_os_string().into_string().ok());
    let rest = home.as_deref().and_then(|home| path.strip_prefix(home.trim_end_matches('/')));
    rest.filter(|rest| rest.starts_with('/')).map_or_else(|| path.to_owned(), |rest| format!("~{rest}"))
}

fn show(ui: &mut Ui, global: &Global, origin: bool) -> anyhow::Result<Exit> {
    let app = App::open(ui, global, Flags::default())?;
    if let Some(trouble) = app.config.secret_trouble() {
        ui.warn(&trouble.to_string());
    }
    let line = |it: Shown| {
        let origin = it.origin.map(|origin| origin.to_string());
        Line { key: it.key, value: it.value, origin, layout: None }
    };
    let mut lines: Vec<Line> = app.config.shown().into_iter().map(line).collect();
    if origin {
        // A list of addresses or a long path does not push everything to the right, nor over the edge.
        const WIDEST: usize = 60;
        let window = columns();
        let longest = lines.iter().filter_map(|line| line.origin.as_deref().map(|it| width(&below_home(it)))).max();
        let room = window.map(|window| window.saturating_sub(longest.unwrap_or_default() + GAP));
        let lengths = lines.iter().map(|line| width(&line.to_string()));
        let column = lengths.filter(|length| *length <= room.unwrap_or(WIDEST).min(WIDEST)).max().unwrap_or_default();
        lines.iter_mut().for_each(|line| line.layout = Some(Layout { column, window }));
    }
    for line in &lines {
        ui.data(line)?;
    }
    Ok(Exit::Done)
}

/// A path as a result.
#[derive(Serialize)]
struct Where {
    path: PathBuf,
    exists: bool,
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

fn path(ui: &mut Ui, global: &Global) -> anyhow::Result<Exit> {
    let flags = Flags { config: global.config.clone(), ..Flags::default() };
    let path = path_in_force(&flags, &Environment::read())?;
    let exists = path.exists();
    if !exists {
        ui.status(&t!("config-path-absent", path = path.as_path()));
    }
    ui.data(&Where { path, exists })?;
    Ok(Exit::Done)
}
