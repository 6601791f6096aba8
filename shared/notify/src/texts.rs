//! The texts, in files: a key, an equals sign, a sentence with names in braces.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const EN: &str = include_str!("../texts/en.txt");
const DE: &str = include_str!("../texts/de.txt");

/// How a person is spoken to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    En,
    De,
}

type Texts = BTreeMap<&'static str, &'static str>;

static ENGLISH: LazyLock<Texts> = LazyLock::new(|| read(EN));
static GERMAN: LazyLock<Texts> = LazyLock::new(|| read(DE));

fn read(file: &'static str) -> Texts {
    let lines = file.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(key, text)| (key.trim(), text.trim())).collect()
}

impl Language {
    /// English, where we do not know the word.
    pub fn of(word: Option<&str>) -> Self {
        match word {
            Some("de") => Self::De,
            Some(_) | None => Self::En,
        }
    }

    /// As the header `Content-Language` and pages have it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// The text of this key.
    pub fn text(self, key: &str) -> Option<&'static str> {
        match self {
            Self::En => ENGLISH.get(key),
            Self::De => GERMAN.get(key),
        }
        .copied()
    }

    /// The text of a key that is in both files.
    pub fn known(self, key: &'static str) -> &'static str {
        self.text(key).unwrap_or(key)
    }

    /// The text with values in the place of names. `None` if there is no such text, or one of its values is missing.
    pub fn filled(self, key: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
        let mut rest = self.text(key)?;
        let mut filled = String::new();
        while let Some((before, more)) = rest.split_once('{') {
            let (name, after) = more.split_once('}')?;
            filled.push_str(before);
            filled.push_str(&value(name)?);
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::alert::AlertKind;

    use super::*;

    fn names(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|part| part.split('}').next()).collect()
    }

    #[test]
    fn both_languages_have_the_same_texts_with_the_same_names_in_them() {
        let keys =
            |texts: &Texts| texts.iter().map(|(key, text)| (*key, names(text))).collect::<BTreeMap<_, _>>();
        assert_eq!(keys(&ENGLISH), keys(&GERMAN));
        for file in [EN, DE] {
            let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
            assert_eq!(lines, ENGLISH.len(), "a key is there twice, or a line is none");
        }
    }

    #[test]
    fn each_kind_of_alert_has_a_title_and_a_text_and_no_text_is_of_no_kind() {
        for kind in AlertKind::ALL {
            for part in ["title", "text"] {
                let key = format!("{}.{part}", kind.name());
                assert!(Language::De.text(&key).is_some_and(|text| !text.is_empty()), "{key}");
            }
        }
        let own = ["mail", "place", "confirmation", "unsubscribe"];
        let odd: Vec<_> = ENGLISH
            .keys()
            .filter_map(|key| key.split_once('.'))
            .filter(|(first, _)| AlertKind::named(first).is_none() && !own.contains(first))
            .collect();
        assert!(odd.is_empty(), "{odd:?}");
    }

    #[test]
    fn a_sentence_without_one_of_its_values_is_not_said() {
        let percent = |name: &str| (name == "toPercent").then(|| "5 %".to_owned());
        assert_eq!(Language::En.filled("fuel_drop.facts.1", percent), None);
        let all = |_: &str| Some("5 %".to_owned());
        assert_eq!(Language::En.filled("fuel_drop.facts.1", all).unwrap(), "It fell from 5 % to 5 %.");
    }
}
