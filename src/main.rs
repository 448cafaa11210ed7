//! The `wxbox` program: the library's [`wxbox::run`] on the process's own arguments and streams.

use std::process::ExitCode;

fn main() -> ExitCode {
    wxbox::process_hardening::disable_core_dumps();
    wxbox::signals::unblock();
    wxbox::ui::install_panic_hook();
    wxbox::run(std::env::args_os(), &mut wxbox::ui::Ui::stdio()).code().into()
}
