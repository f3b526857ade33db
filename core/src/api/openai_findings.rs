//! What content filters and moderation found, as they stand beside answers and in errors.
//!
//! Sources: <https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter> and
//! <https://platform.openai.com/docs/api-reference/moderations>.

use crate::answer::Answer;
use crate::json::{self, Broken, Flag, FromJson, Json, List, Members, Object};

/// The results of a content filter by category; kept are those that were found.
#[derive(Debug, Default)]
pub(super) struct FilterResults(Vec<String>);

/// The results of a moderation by category; kept are those that were flagged.
#[derive(Debug, Default)]
pub(super) struct Categories(Vec<String>);

impl FilterResults {
    pub(super) fn take(self, answer: &mut Answer) {
        self.0.iter().for_each(|category| answer.find(category));
    }
}

impl Categories {
    pub(super) fn take(self, answer: &mut Answer) {
        self.0.iter().for_each(|category| answer.find(category));
    }
}

impl<'de> FromJson<'de> for FilterResults {
    fn empty() -> Self {
        Self::default()
    }
    /// A category says `filtered`, or `detected` where it only watches; lists of a customer's own
    /// words are several of these.
    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        while let Some(name) = members.next_name()? {
            let category: Json<'_> = members.next_value()?;
            let one = json::object::<CategoryWire>(category);
            let List(several): List<Object<CategoryWire>> =
                json::read(category).unwrap_or_default();
            let mut each = several.into_iter().filter_map(|it| it.0).chain(one);
            if each.any(|category| category.filtered.0 || category.detected.0) {
                self.0.push(name.into_owned());
            }
        }
        Ok(())
    }
}

impl<'de> FromJson<'de> for Categories {
    fn empty() -> Self {
        Self::default()
    }
    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        while let Some(name) = members.next_name()? {
            let Flag(is_flagged) = members.next_value()?;
            if is_flagged {
                self.0.push(name.into_owned());
            }
        }
        Ok(())
    }
}

json::wire! {
    struct CategoryWire {
        filtered: Flag = "filtered",
        detected: Flag = "detected",
    }

    /// Azure's results for the prompt, or for one source of a response.
    pub(super) struct FilteredWire {
        results: FilterResults = "content_filter_results" | "content_filter_result",
    }

    /// What a call that asked for moderation got of it.
    pub(super) struct ModerationWire {
        input: Object<ModeratedWire> = "input",
        output: Object<ModeratedWire> = "output",
    }

    /// The results of one moderation.
    pub(super) struct ModeratedWire {
        results: List<Object<ResultWire>> = "results",
    }

    struct ResultWire {
        categories: Categories = "categories",
    }
}

impl FilteredWire {
    pub(super) fn take_all(List(all): List<Object<Self>>, answer: &mut Answer) {
        let all = all.into_iter().filter_map(|it| it.0);
        all.for_each(|filtered| filtered.results.take(answer));
    }
}

impl ModerationWire {
    pub(super) fn take(self, answer: &mut Answer) {
        let each = [self.input, self.output].into_iter().filter_map(|it| it.0);
        each.for_each(|moderated| moderated.take(answer));
    }
}

impl ModeratedWire {
    pub(super) fn take(self, answer: &mut Answer) {
        let results = self.results.0.into_iter().filter_map(|it| it.0);
        results.for_each(|result| result.categories.take(answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_found_if_it_was_filtered_or_detected() {
        let FilterResults(found) = json::read(
            r#"{"hate":{"filtered":true,"severity":"high"},"sexual":{"filtered":false},
                "jailbreak":{"filtered":false,"detected":true},"error":{"code":"x"},"odd":7,
                "custom_blocklists":[{"filtered":false,"id":"a"},{"filtered":true,"id":"b"}]}"#,
        )
        .unwrap();
        assert_eq!(found, ["hate", "jailbreak", "custom_blocklists"]);
    }

    #[test]
    fn a_category_is_flagged_if_it_is_true() {
        let Categories(flagged) =
            json::read(r#"{"violence":true,"hate":false,"odd":"true"}"#).unwrap();
        assert_eq!(flagged, ["violence"]);
        assert!(json::read::<Categories>("null").unwrap().0.is_empty());
    }
}
