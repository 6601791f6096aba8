-- Who changes the supplier has two defaults: the old one for what was, the new one from its beginning on. Of tariffs that
-- count at the same moment, the one that began last does.
DROP INDEX one_default_tariff;
