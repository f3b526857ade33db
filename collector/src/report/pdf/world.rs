//! All that typst can see while it typesets: the template, the fonts, and one text.

use std::sync::{Arc, LazyLock};

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Dict, Duration, Str, Value};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt};

use crate::report::pdf::fonts::Fonts;

/// A world without files.
pub(crate) struct World {
    library: LazyHash<Library>,
    fonts: Arc<Fonts>,
}

impl World {
    /// `report` is the data as JSON. The template reads it as a value: it is never source.
    pub(crate) fn new(report: &str, fonts: Arc<Fonts>) -> Self {
        let mut inputs = Dict::new();
        inputs.insert(Str::from("report"), Value::Str(Str::from(report)));
        let library = Library::builder().with_inputs(inputs).build();
        Self {
            library: LazyHash::new(library),
            fonts,
        }
    }
}

static TEMPLATE: LazyLock<Source> =
    LazyLock::new(|| Source::detached(include_str!("template.typ")));

impl typst::World for World {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.all().book
    }

    fn main(&self) -> FileId {
        TEMPLATE.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        match id == TEMPLATE.id() {
            true => Ok(TEMPLATE.clone()),
            false => Err(FileError::AccessDenied),
        }
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.all().fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
