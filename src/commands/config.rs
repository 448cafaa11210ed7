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
use crate::ui::{Ui, width};

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
    /// Where the origins stand below each other for a person; in a pipe a tab does.
    #[serde(skip)]
    column: Option<usize>,
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
        match (self.column, &self.origin) {
            (Some(_), origin) if !f.alternate() => write!(f, "{line}\t{}", origin.as_deref().unwrap_or_default()),
            (Some(column), Some(origin)) => {
                let gap = column.saturating_sub(width(&line)) + 2;
                write!(f, "{line}{}{origin}", " ".repeat(gap))
            }
            _ => f.write_str(&line),
        }
    }
}

fn show(ui: &mut Ui, global: &Global, origin: bool) -> anyhow::Result<Exit> {
    let app = App::open(ui, global, Flags::default())?;
    if let Some(trouble) = app.config.secret_trouble() {
        ui.warn(&trouble.to_string());
    }
    let line = |it: Shown| {
        let origin = it.origin.map(|origin| origin.to_string());
        Line { key: it.key, value: it.value, origin, column: None }
    };
    let mut lines: Vec<Line> = app.config.shown().into_iter().map(line).collect();
    if origin {
        // A list of addresses or a long path does not push everything to the right.
        const WIDEST: usize = 60;
        let lengths = lines.iter().map(|line| width(&line.to_string()));
        let column = lengths.filter(|length| *length <= WIDEST).max().unwrap_or_default();
        lines.iter_mut().for_each(|line| line.column = Some(column));
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
