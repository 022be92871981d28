"""Who uses Gatepost: accounts (tenants), people, roles, quotas, audit; and the scoping that keeps tenants apart."""
