//! x
use crate::{
    cli::{Bind, Global},
    error::Exit,
    ui::Ui,
};
pub(super) fn run(_: &mut Ui, _: &Global, _: Bind) -> anyhow::Result<Exit> {
    Ok(Exit::Done)
}
