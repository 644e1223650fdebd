//! Which command comes next.

use super::World;

impl World {
    pub(super) fn furnish(&mut self) {
        self.pass_time();
        for _ in 0..6 {
            self.create_function();
            self.create_queue();
        }
        for _ in 0..4 {
            self.publish_version();
            self.update_function();
            self.create_alias();
        }
        self.create_mapping();
    }

    pub(super) fn operate(&mut self) {
        match self.rng.between(0, 239) {
            0..=59 => self.invoke(),
            60..=79 => self.invoke_event(),
            80..=107 => self.send(),
            108..=127 => self.receive(),
            128..=143 => self.delete_message(),
            144..=149 => self.change_visibility(),
            150..=152 => self.cancel_receive(),
            153..=159 => self.create_queue_or_mapping(),
            160 => self.set_queue_attributes(),
            161..=162 => self.move_dead_letters(),
            163 => self.delete_queue(),
            164 => self.purge_queue(),
            165..=168 => self.update_mapping(),
            169 => self.delete_mapping(),
            170..=216 => self.change_functions(),
            217..=235 => self.close_books(),
            236..=238 => self.be_late(),
            _ => self.perhaps_reset(),
        }
    }

    fn create_queue_or_mapping(&mut self) {
        if self.one_in(2) { self.create_queue() } else { self.create_mapping() }
    }

    fn change_functions(&mut self) {
        match self.rng.between(0, 47) {
            0..=5 => self.put_reserved(),
            6..=8 => self.delete_reserved(),
            9..=11 => self.create_function(),
            12..=15 => self.update_function(),
            16 => self.delete_function(),
            17..=20 => self.publish_version(),
            21..=22 => self.delete_version(),
            23..=26 => self.create_alias(),
            27..=31 => self.update_alias(),
            32 => self.delete_alias(),
            33..=39 => self.put_provisioned(),
            40..=42 => self.delete_provisioned(),
            43..=45 => self.put_event_config(),
            46 => self.put_recursive_loop(),
            _ => self.delete_event_config(),
        }
    }

    fn perhaps_reset(&mut self) {
        if self.rng.between(0, 3) > 0 {
            return;
        }
        self.pass_time();
        self.auditor.resetting(true);
        self.engine.reset(self.now);
        self.settle();
        self.auditor.resetting(false);
        self.sent.clear();
        let empty = self.auditor.is_empty();
        self.demand(empty);
        self.furnish();
    }
}
