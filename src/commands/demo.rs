//! x
use crate::{error::Exit, ui::Ui};
pub(super) fn run(_: &mut Ui) -> anyhow::Result<Exit> {
    Ok(Exit::Done)
}
