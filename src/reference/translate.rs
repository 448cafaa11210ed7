//! The Chinese texts of the tables that topics, manual pages and `docs/zh-CN/reference/` print.

use std::collections::BTreeMap;

use crate::i18n::Lang;

/// Each text of the tables with its Chinese translation; `…` at the end of both stands for a rest
/// that stays as it is.
pub const CHINESE_TABLE_TEXTS: &str = include_str!("../i18n/reference-zh-CN.tsv");

/// Translates the cells of the tables.
#[derive(Debug)]
pub struct TableTranslator {
    texts: BTreeMap<&'static str, &'static str>,
}

impl TableTranslator {
    /// Creates the translator to a language, which translates nothing to English.
    pub fn new(lang: Lang) -> Self {
        let texts = match lang {
            Lang::En => BTreeMap::new(),
            Lang::Zh => CHINESE_TABLE_TEXTS.lines().filter_map(|line| line.split_once('\t')).collect(),
        };
        Self { texts }
    }

    /// Returns the English text of the table that a cell is translated by, and its translation.
    pub fn find(&self, cell: &str) -> Option<(&'static str, String)> {
        if let Some((english, chinese)) = self.texts.get_key_value(cell) {
            return Some((english, (*chinese).to_owned()));
        }
        let prefixes = self.texts.iter().filter_map(|(english, chinese)| {
            let rest = cell.strip_prefix(english.strip_suffix('…')?)?;
            Some((*english, format!("{}{rest}", chinese.strip_suffix('…')?)))
        });
        prefixes.max_by_key(|(english, _)| english.len())
    }

    /// Translates a cell. One without a translation has no words, such as a number.
    pub fn translate(&self, cell: &str) -> String {
        self.find(cell).map_or_else(|| cell.to_owned(), |(_, text)| text)
    }
}
