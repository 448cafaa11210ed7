//! The `wxbox` program: the library's [`wxbox::run`] on the process's own arguments and streams.

use std::process::ExitCode;

fn main() -> ExitCode {
    wxbox::private::seal();
    wxbox::signals::unblock();
    wxbox::ui::end_at_panic();
    wxbox::run(std::env::args_os(), &mut wxbox::ui::Ui::stdio()).code().into()
}
