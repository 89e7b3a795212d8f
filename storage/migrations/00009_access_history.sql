-- The history of accesses of one circle: lines that showed many circles at once (lists, search) are found by who asked.

-- +goose Up

create index audit_lines_many on audit_lines (actor, at) where space_id is null;

-- +goose Down
select 1;
