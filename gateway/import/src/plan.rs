//! An import that was read once and can now be driven order by order.

use std::sync::Arc;

use crate::args::ImportConfig;
use crate::catalogue::Catalogue;
use crate::error::ImportError;
use crate::form::{FileForm, FormFlags};
use crate::items::Items;
use crate::orders::Orders;
use crate::rejects::Rejects;
use crate::rows::RowParser;
use crate::source::Source;
use crate::summary::Summary;
use crate::survey::Survey;
use crate::when::WholeDay;

/// A file after its first pass: everything is known but the orders themselves, which [`ImportPlan::orders`] reads again one by one.
#[derive(Debug)]
pub struct ImportPlan {
    config: ImportConfig,
    survey: Survey,
    form: FileForm,
    items: Option<Arc<Items>>,
}

impl ImportPlan {
    /// Reads the items file and the whole order file once, and writes `FILE.rejected.csv` if rows were rejected.
    ///
    /// # Errors
    /// Every [`ImportError`] but [`ImportError::Changed`]. Nothing has been imported yet.
    pub fn open(mut config: ImportConfig) -> Result<ImportPlan, ImportError> {
        let items = match &config.items {
            Some((path, map)) => {
                let flags = FormFlags { delimiter: None, ..config.form };
                Some(Arc::new(Items::read(path, map, config.currency, config.decimal, flags)?))
            }
            None => None,
        };
        let mut source = Source::open(&config.file, config.form)?;
        let parser = RowParser::new(&source, &config, items.clone())?;
        let survey = Survey::run(&config, &mut source, &parser)?;
        if survey.has_clocks {
            config.clock.whole_day = WholeDay::Midnight;
        }
        let form = source.form();
        Ok(ImportPlan { config, survey, form, items })
    }

    /// The form of the order file.
    #[must_use]
    pub fn form(&self) -> FileForm {
        self.form
    }

    /// Whether the file says when orders were made. One that does not has the times of [`Clock::synthetic`](crate::when::Clock).
    #[must_use]
    pub fn has_times(&self) -> bool {
        !self.config.map.time.is_empty()
    }

    /// What was asked for.
    #[must_use]
    pub fn config(&self) -> &ImportConfig {
        &self.config
    }

    /// The items, categories and modifiers of the file.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.survey.catalogue
    }

    /// What the whole file comes to: lines, orders, units, gross, rejected and parked rows; for the length of a progress bar, and to compare
    /// with what was imported.
    #[must_use]
    pub fn totals(&self) -> &Summary {
        &self.survey.totals
    }

    /// The rows that were rejected or parked.
    #[must_use]
    pub fn rejected(&self) -> &Rejects {
        &self.survey.rejects
    }

    /// Reads the file again and gives its orders in the order in which they first appear. May be called again.
    ///
    /// # Errors
    /// [`ImportError::Read`], [`ImportError::Format`] and [`ImportError::Column`]; in the iterator also [`ImportError::Changed`].
    pub fn orders(&self) -> Result<Orders<'_>, ImportError> {
        let source = Source::open(&self.config.file, self.config.form)?;
        let parser = RowParser::new(&source, &self.config, self.items.clone())?;
        Ok(Orders::new(&self.config, &self.survey, source, parser))
    }
}
