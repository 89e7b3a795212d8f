-- Which facts of the patient's will a place needs, as the fourth table of a matrix.

-- +goose Up

-- '': as every territory had it before: a place founded on consent gives nothing before one; a coordinator and a case manager share in
-- care with consent only.
alter table matrices add column policy text not null default '';
alter table matrix_drafts add column policy text not null default '';

-- +goose Down
select 1;
