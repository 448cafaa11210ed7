//! `wxbox doctor`.

pub(super) const DOCTOR_EXAMPLES: &str = "\
Examples:
  wxbox doctor
  wxbox -q doctor                                      for cron: says only what failed
  wxbox --json doctor | jq -r 'select(.status != \"ok\")'";
