//! The table of WeChat's error codes for `docs/reference/errcodes.md`.

use crate::i18n::Lang;
use crate::wechat::errcode::entries;

/// Code, WeChat's own message, meaning and remedy of every code, in one language.
pub fn errcode_rows(lang: Lang) -> Vec<[String; 4]> {
    let row = |entry: &crate::wechat::errcode::ErrcodeEntry| {
        let cells = [entry.errmsg, entry.meaning(lang), entry.remedy(lang).unwrap_or_default()];
        let [errmsg, meaning, remedy] = cells.map(|cell| cell.replace('|', "\\|"));
        [entry.errcode.to_string(), errmsg, meaning, remedy]
    };
    entries().map(|entry| row(&entry)).collect()
}
