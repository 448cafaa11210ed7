//! The `wxbox` program: the library's [`wxbox::run`] on the process's own arguments and streams.

use std::process::ExitCode;

use wxbox::{completion, ui};

fn main() -> ExitCode {
    wxbox::process_hardening::disable_core_dumps();
    let args: Vec<_> = std::env::args_os().collect();
    if let Some(shell) = completion::requesting_shell(&args) {
        ui::ignore_panics();
        // A shell that does not read the answer needs none.
        let _ = ui::Ui::stdio().write_stdout(&completion::respond(shell, &args));
        return ExitCode::SUCCESS;
    }
    wxbox::signals::unblock();
    ui::install_panic_hook();
    wxbox::run(args, &mut ui::Ui::stdio()).code().into()
}
