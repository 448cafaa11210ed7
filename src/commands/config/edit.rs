//! `wxbox config edit` opens a copy of the config file in an editor, and saves it if it is valid.

use std::io;

use super::change::write_error;
use super::key_argument::config_path;
use crate::cli::Global;
use crate::config::{ConfigFileChange, ConfigLock, Environment};
use crate::exit::{CommandError, ExitStatus};
use crate::report::classify;
use crate::t;
use crate::ui::{self, Ui};

pub(super) fn edit(ui: &mut Ui, global: &Global) -> anyhow::Result<ExitStatus> {
    let (path, environment) = (config_path(global)?, Environment::from_process());
    if !ui.can_prompt {
        return Err(CommandError::usage(t!("ui-editor-no-terminal")).hint(t!("config-edit-script-hint")).into());
    }
    let mut change = ConfigFileChange::read(&path)?;
    if !change.exists() {
        let hint = t!("config-missing-file-hint", path = &path);
        return Err(CommandError::not_found(t!("config-path-absent", path = &path)).hint(hint).into());
    }
    loop {
        let edited = ui::edit_text(ui, change.text(), "config.toml")?;
        let Some(edited) = edited.filter(|text| text != change.text() || change.is_changed()) else {
            ui.status(&t!("init-nothing"));
            return Ok(ExitStatus::Success);
        };
        change = change.with_text(edited);
        if !change.is_changed() {
            ui.status(&t!("init-nothing"));
            return Ok(ExitStatus::Success);
        }
        if let Err(error) = change.check(&environment) {
            let error = classify(&error.into());
            ui.error(&error);
            if !ui::confirm_yes(ui, &t!("config-edit-again"))? {
                ui.status(&t!("init-nothing"));
                return Ok(error.exit);
            }
            continue;
        }
        let written = ConfigLock::acquire(&path).and_then(|lock| change.write(&lock, false));
        match written {
            Ok(_) => {
                ui.status(&t!("init-written", path = &path));
                return Ok(ExitStatus::Success);
            }
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                ui.warn(&t!("config-changed-by-other", path = &path));
                if !ui::confirm(ui, &t!("config-edit-overwrite"))? {
                    ui.status(&t!("init-nothing"));
                    return Ok(ExitStatus::Unexpected);
                }
                let text = change.text().to_owned();
                let current = ConfigFileChange::read(&path)?.with_text(text);
                let lock = ConfigLock::acquire(&path).map_err(|cause| write_error(&path, &cause))?;
                current.write(&lock, false).map_err(|cause| write_error(&path, &cause))?;
                ui.status(&t!("init-written", path = &path));
                return Ok(ExitStatus::Success);
            }
            Err(error) => return Err(write_error(&path, &error).into()),
        }
    }
}
