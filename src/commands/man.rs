//! `wxbox man`: the manual pages.

use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::cli::Man as Args;
use crate::exit::{CommandError, ExitStatus};
use crate::reference;
use crate::t;
use crate::ui::Ui;

pub(super) fn write_man_pages(ui: &mut Ui, args: &Args) -> anyhow::Result<ExitStatus> {
    let pages = reference::man_pages()?;
    let Some(dir) = &args.dir else {
        if let Some((_, main)) = pages.first() {
            ui.write_stdout(main)?;
        }
        return Ok(ExitStatus::Success);
    };
    if dir.exists() && !dir.is_dir() {
        return Err(CommandError {
            exit: ExitStatus::Unexpected,
            message: t!("man-no-directory", path = dir),
            hint: None,
        }
        .into());
    }
    std::fs::create_dir_all(dir).with_context(|| t!("man-write", path = dir))?;
    for (name, page) in &pages {
        let path = dir.join(name);
        write_page(dir, &path, page).with_context(|| t!("man-write", path = path))?;
    }
    ui.status(&t!("man-written", count = pages.len(), path = dir));
    Ok(ExitStatus::Success)
}

/// Whole or not at all, so that nobody ever reads half a page.
fn write_page(dir: &Path, path: &Path, page: &str) -> anyhow::Result<()> {
    let mut builder = tempfile::Builder::new();
    use std::os::unix::fs::PermissionsExt;
    // The umask takes away from it as usual.
    builder.permissions(std::fs::Permissions::from_mode(0o666));
    let mut file = builder.tempfile_in(dir)?;
    file.write_all(page.as_bytes())?;
    file.persist(path)?;
    Ok(())
}
