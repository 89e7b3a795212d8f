-- Codes that the national tables replaced count as those in force: every circle follows again, in batches, as after another matrix.

-- +goose Up
update spaces set matrix_version = 0;

-- +goose Down
select 1;
