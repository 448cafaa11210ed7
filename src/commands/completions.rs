//! `wxbox completions`: what a shell needs to complete wxbox's command line.

use crate::cli::Completions as Args;
use crate::error::Exit;
use crate::reference;
use crate::ui::Ui;

pub(super) fn run(ui: &mut Ui, args: &Args) -> anyhow::Result<Exit> {
    ui.raw_out(&reference::completions(args.shell))?;
    Ok(Exit::Done)
}
