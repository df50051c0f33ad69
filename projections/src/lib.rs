//! The read side: workers that fold the log into read models.
