"""A broker on a framework that others wrote. Everything is asynchronous; bindings go before their instance; ids are
never used again. Tests look at what it has and tell it to misbehave, on paths that are not the specification's."""

import logging
import sys
import threading

from flask import Flask, abort, jsonify, request
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
)
from werkzeug.serving import make_server

# What it is told to do wrong: a word for each call.
MISBEHAVIOUR = {}
# What hangs, hangs until it is told otherwise.
RELEASED = threading.Event()
PLANS = ["p-small", "p-large"]


class Thing:
    def __init__(self, details):
        self.plan, self.space = details.plan_id, getattr(details, "space_guid", None)
        self.context = details.context
        self.bound = details.bind_resource.app_guid if getattr(details, "bind_resource", None) else None
        self.requests = 0
        self.begin("create")

    def begin(self, what):
        self.what, self.polls, self.operation = what, 0, f"{what} {id(self)}/é&="


class Broker(ServiceBroker):
    def __init__(self):
        self.instances, self.bindings = {}, {}

    def catalog(self):
        plans = [ServicePlan(id, id[2:], f"a {id[2:]} one", maximum_polling_duration=60) for id in PLANS]
        database = Service("s-1", "Postgres", "databases", True, plans, tags=["relational", "postgresql"],
                           instances_retrievable=True, bindings_retrievable=True)
        drain = Service("s-2", "drain", "logs", True, [ServicePlan("p-drain", "free", "all logs")],
                        requires=["syslog_drain"])
        return [database, drain]

    def provision(self, instance_id, details, async_allowed, **kwargs):
        how = MISBEHAVIOUR.get("provision")
        if how == "refuse":
            raise errors.ErrInvalidParameters("the quota is used up")
        thing = self.instances.get(instance_id)
        if thing and thing.plan != details.plan_id:
            raise errors.ErrInstanceAlreadyExists()
        if not thing:
            thing = self.instances[instance_id] = Thing(details)
        thing.requests += 1
        if how == "fail":
            abort(500)
        if how == "hang":
            RELEASED.wait()
        if thing.what == "done":
            return ProvisionedServiceSpec(ProvisionState.IDENTICAL_ALREADY_EXISTS)
        if how == "forget":
            del self.instances[instance_id]
        return ProvisionedServiceSpec(ProvisionState.IS_ASYNC, operation=thing.operation)

    def deprovision(self, instance_id, details, async_allowed, **kwargs):
        if instance_id not in self.instances:
            raise errors.ErrInstanceDoesNotExist()
        if any(key[0] == instance_id for key in self.bindings):
            raise errors.ErrConcurrentInstanceAccess()
        self.instances[instance_id].begin("delete")
        return DeprovisionServiceSpec(True, self.instances[instance_id].operation)

    def bind(self, instance_id, binding_id, details, async_allowed, **kwargs):
        if instance_id not in self.instances:
            # The framework makes a 500 of it, without these words.
            raise errors.ErrInstanceDoesNotExist()
        if not details.bind_resource:
            raise errors.ErrAppGuidNotProvided()
        thing = self.bindings.get((instance_id, binding_id))
        if not thing:
            thing = self.bindings[instance_id, binding_id] = Thing(details)
        if MISBEHAVIOUR.get("bind") == "fail":
            abort(500)
        if thing.what == "done":
            return Binding(BindState.IDENTICAL_ALREADY_EXISTS, credentials(binding_id))
        return Binding(BindState.IS_ASYNC, operation=thing.operation)

    def unbind(self, instance_id, binding_id, details, async_allowed, **kwargs):
        key = (instance_id, binding_id)
        if key not in self.bindings:
            raise errors.ErrBindingDoesNotExist()
        self.bindings[key].begin("delete")
        return UnbindSpec(True, self.bindings[key].operation)

    def last_operation(self, instance_id, operation_data, service_id, plan_id, **kwargs):
        if instance_id not in self.instances:
            raise errors.ErrInstanceDoesNotExist()
        return progress(self.instances, instance_id, operation_data)

    def last_binding_operation(self, instance_id, binding_id, operation_data, service_id, plan_id, **kwargs):
        return progress(self.bindings, (instance_id, binding_id), operation_data)

    def get_instance(self, instance_id, **kwargs):
        thing = self.instances.get(instance_id)
        if not thing or thing.what == "create":
            raise errors.ErrInstanceDoesNotExist()
        return GetInstanceDetailsSpec("s-1", thing.plan, None, {})

    def get_binding(self, instance_id, binding_id, **kwargs):
        thing = self.bindings.get((instance_id, binding_id))
        if not thing or thing.what == "create":
            raise errors.ErrBindingDoesNotExist()
        return GetBindingSpec(credentials(binding_id))


def progress(things, key, operation):
    thing = things[key]
    assert operation == thing.operation, f"{operation!r} is not {thing.operation!r}"
    thing.polls += 1
    how = MISBEHAVIOUR.get("poll")
    if thing.what == "create" and how == "never":
        return LastOperation(OperationState.IN_PROGRESS, "still at it")
    if thing.what == "create" and how == "fail":
        return LastOperation(OperationState.FAILED, "no room on any machine")
    if thing.what == "delete":
        del things[key]
    thing.what = "done"
    return LastOperation(OperationState.SUCCEEDED, "")


def credentials(binding_id):
    return {"uri": f"postgres://{binding_id}:p%40s%2F@db.example:5432/data", "host": "db.example", "port": 5432,
            "password": "p@s/"}


# A line for each refusal, with the stack: tests refuse a lot.
logging.disable(logging.CRITICAL)
app = Flask(__name__)
broker = Broker()
secret = api.BrokerCredentials("windlass", sys.argv[1])
app.register_blueprint(api.get_blueprint(broker, secret, logging.getLogger()), url_prefix="/osb")


@app.before_request
def be_down():
    if MISBEHAVIOUR.get("all") == "fail" and request.path.startswith("/osb"):
        abort(500)


@app.get("/has")
def has():
    def told(thing):
        return {"what": thing.what, "plan": thing.plan, "space": thing.space, "context": thing.context,
                "bound": thing.bound, "requests": thing.requests, "polls": thing.polls}

    return jsonify(instances={key: told(thing) for key, thing in broker.instances.items()},
                   bindings={key[1]: told(thing) for key, thing in broker.bindings.items()})


@app.post("/misbehave")
def misbehave():
    MISBEHAVIOUR.clear()
    MISBEHAVIOUR.update(request.get_json())
    RELEASED.clear() if "hang" in MISBEHAVIOUR.values() else RELEASED.set()
    return jsonify()


@app.post("/forget")
def forget():
    broker.instances.clear()
    broker.bindings.clear()
    return jsonify()


@app.post("/plans")
def plans():
    PLANS[:] = request.get_json()
    return jsonify()


server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
