"""A broker on a framework that others wrote: everything takes two polls, operations are checked when they come
back, the first deletion of each binding meets another operation, and the plan `broken` fails."""

import logging
import sys

from flask import Flask
from openbrokerapi import api, errors
from openbrokerapi.catalog import ServicePlan
from openbrokerapi.service_broker import (
    Binding,
    BindState,
    DeprovisionServiceSpec,
    GetBindingSpec,
    GetInstanceDetailsSpec,
    LastOperation,
    OperationState,
    ProvisionedServiceSpec,
    ProvisionState,
    Service,
    ServiceBroker,
    UnbindSpec,
    UpdateServiceSpec,
)
from werkzeug.serving import make_server

URI = "postgres://user:p%40s%2F@db.example:5432/data"
POLLS = 2


class Thing:
    """An instance or a binding, with the operation that is at work on it."""

    def __init__(self, attributes):
        self.attributes = attributes
        self.plan = None
        self.begin("create")

    def begin(self, what):
        self.what, self.polls = what, 0
        self.operation = f"{what} {id(self)}/é&=?"


class Broker(ServiceBroker):
    def __init__(self):
        self.instances, self.bindings, self.refused = {}, {}, set()

    def catalog(self):
        plans = [
            ServicePlan("p-1", "small", "d", maximum_polling_duration=60),
            ServicePlan("p-2", "large", "d", plan_updateable=True),
            ServicePlan("p-broken", "broken", "d", free=False),
        ]
        return Service("s-1", "postgres", "d", True, plans, tags=["relational", "postgresql"], plan_updateable=True,
                       instances_retrievable=True, bindings_retrievable=True)

    def provision(self, instance_id, details, async_allowed, **kwargs):
        if not async_allowed:
            raise errors.ErrAsyncRequired()
        if details.originating_identity["value"] != {"user_id": "u-1"}:
            raise errors.ErrInvalidParameters("who asks?")
        if details.context["platform"] != "cloudfoundry" or details.organization_guid != "o-1":
            raise errors.ErrInvalidParameters("where is that?")
        attributes = (details.plan_id, str(details.parameters))
        thing = self.instances.get(instance_id)
        if thing and thing.attributes != attributes:
            raise errors.ErrInstanceAlreadyExists()
        if thing and thing.what == "done":
            return ProvisionedServiceSpec(ProvisionState.IDENTICAL_ALREADY_EXISTS, "https://dash.example")
        if not thing:
            thing = self.instances[instance_id] = Thing(attributes)
            thing.plan = details.plan_id
        return ProvisionedServiceSpec(ProvisionState.IS_ASYNC, "https://dash.example", thing.operation)

    def update(self, instance_id, details, async_allowed, **kwargs):
        thing = self.instances[instance_id]
        if details.previous_values.plan_id != thing.plan:
            raise errors.ErrInvalidParameters("it has another plan")
        thing.wanted = details.plan_id
        thing.begin("update")
        return UpdateServiceSpec(True, thing.operation)

    def deprovision(self, instance_id, details, async_allowed, **kwargs):
        if instance_id not in self.instances:
            raise errors.ErrInstanceDoesNotExist()
        if any(key[0] == instance_id for key in self.bindings):
            raise errors.ErrConcurrentInstanceAccess()
        self.instances[instance_id].begin("delete")
        return DeprovisionServiceSpec(True, self.instances[instance_id].operation)

    def bind(self, instance_id, binding_id, details, async_allowed, **kwargs):
        if not (details.bind_resource and details.bind_resource.app_guid):
            raise errors.ErrAppGuidNotProvided()
        thing = self.bindings.get((instance_id, binding_id))
        if thing and thing.what == "done":
            return Binding(BindState.IDENTICAL_ALREADY_EXISTS, self.credentials(binding_id))
        if not thing:
            thing = self.bindings[instance_id, binding_id] = Thing(None)
        return Binding(BindState.IS_ASYNC, operation=thing.operation)

    def unbind(self, instance_id, binding_id, details, async_allowed, **kwargs):
        key = (instance_id, binding_id)
        if key not in self.bindings:
            raise errors.ErrBindingDoesNotExist()
        if key not in self.refused:
            self.refused.add(key)
            raise errors.ErrConcurrentInstanceAccess()
        self.bindings[key].begin("delete")
        return UnbindSpec(True, self.bindings[key].operation)

    def last_operation(self, instance_id, operation_data, service_id, plan_id, **kwargs):
        if instance_id not in self.instances:
            raise errors.ErrInstanceDoesNotExist()
        return self.progress(self.instances, instance_id, operation_data, service_id, plan_id)

    def last_binding_operation(self, instance_id, binding_id, operation_data, service_id, plan_id, **kwargs):
        return self.progress(self.bindings, (instance_id, binding_id), operation_data, service_id, plan_id)

    def progress(self, things, key, operation, service, plan):
        thing = things[key]
        assert operation == thing.operation, f"{operation!r} is not {thing.operation!r}"
        assert service == "s-1" and (thing.plan is None or plan == thing.plan), "hints"
        thing.polls += 1
        if thing.polls < POLLS:
            return LastOperation(OperationState.IN_PROGRESS, f"{thing.polls} of {POLLS}")
        if thing.what == "create" and thing.plan == "p-broken":
            return LastOperation(OperationState.FAILED, "this plan never works")
        if thing.what == "delete":
            del things[key]
        if thing.what == "update":
            thing.plan = thing.wanted
        thing.what = "done"
        return LastOperation(OperationState.SUCCEEDED, "")

    def get_instance(self, instance_id, **kwargs):
        thing = self.instances.get(instance_id)
        if not thing or thing.what == "create":
            raise errors.ErrInstanceDoesNotExist()
        return GetInstanceDetailsSpec("s-1", thing.plan, "https://dash.example", {})

    def get_binding(self, instance_id, binding_id, **kwargs):
        thing = self.bindings.get((instance_id, binding_id))
        if not thing or thing.what == "create":
            raise errors.ErrBindingDoesNotExist()
        return GetBindingSpec(self.credentials(binding_id))

    @staticmethod
    def credentials(binding_id):
        return {"uri": URI, "host": "db.example", "port": 5432, "password": "p@s/", "binding": binding_id,
                "tls": {"ca": "PEM"}}


# A line for each refusal, with the stack: tests refuse a lot.
logging.disable(logging.CRITICAL)
app = Flask(__name__)
credentials = api.BrokerCredentials("windlass", sys.argv[1])
app.register_blueprint(api.get_blueprint(Broker(), credentials, logging.getLogger()), url_prefix="/osb")
server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
