-- Tables of schema disk, one column a line (package schema reads this text).

CREATE TABLE global_settings (
    variable_name VARCHAR NOT NULL PRIMARY KEY,
    variable_value VARCHAR NOT NULL);
