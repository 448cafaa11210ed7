//! x
use crate::{cli::Sandbox, error::Exit, ui::Ui};
pub(super) fn run(_: &mut Ui, _: &Sandbox) -> anyhow::Result<Exit> {
    Ok(Exit::Done)
}
