-- What Apple was told of people, the latest change first.
CREATE INDEX vpp_users_by_change ON vpp_users (changed_at, number);
