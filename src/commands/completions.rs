//! `wxbox completions`: what a shell needs to complete wxbox's command line.

use crate::cli::Completions as Args;
use crate::exit::ExitStatus;
use crate::reference;
use crate::ui::Ui;

pub(super) fn print_completions(ui: &mut Ui, args: &Args) -> anyhow::Result<ExitStatus> {
    ui.write_stdout(&reference::completions(args.shell))?;
    Ok(ExitStatus::Success)
}
